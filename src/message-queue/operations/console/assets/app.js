// The console begins here.
document.body.append(document.title);
export {};
