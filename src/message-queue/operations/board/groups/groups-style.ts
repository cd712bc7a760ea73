/** The page's own style, light and dark, from a phone's width on. */
export const STYLE = `
:root{
  color-scheme:light dark;
  --bg:#f6f7f8;--panel:#fff;--line:#e2e5e9;--line2:#eef0f2;--text:#1a1f26;--soft:#5b6470;--faint:#6f7883;--hover:#f3f5f8;--track:#e8ebee;
  --accent:#1f5fbf;--on:#fff;--warn:#9a5b00;--bad:#b3261e;--badbg:#fdeeed;--badline:#f2c8c4;--ok:#1b7f4d;--okbg:#eaf6ef;--okline:#bfe0cd;
  --shadow:0 6px 24px #1a1f2626,0 1px 3px #1a1f2633;
  font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;
}
@media (prefers-color-scheme:dark){:root{
  --bg:#0f1318;--panel:#161b22;--line:#2a313b;--line2:#212832;--text:#e4e8ed;--soft:#a3adb9;--faint:#8a94a1;--hover:#1b222b;--track:#262e38;
  --accent:#7fb0ff;--on:#0f1318;--warn:#e6b054;--bad:#ff8a80;--badbg:#2c1917;--badline:#5a2a26;--ok:#55c78b;--okbg:#13241b;--okline:#234b35;
  --shadow:0 6px 24px #000a,0 0 0 1px #ffffff12;
}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text)}
p{margin:0}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
button,summary{font:inherit;font-size:13px;color:var(--text);background:var(--panel);border:1px solid var(--line);border-radius:5px;padding:3px 11px;cursor:pointer;white-space:nowrap}
button:hover,summary:hover{background:var(--hover)}
button.primary{background:var(--accent);border-color:var(--accent);color:var(--on);font-weight:600}
button.danger{background:var(--bad);border-color:var(--bad);color:var(--on);font-weight:600}
button:is(.primary,.danger):hover{filter:brightness(1.08)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
input,select{font:inherit;font-size:13px;color:var(--text);background:var(--panel);border:1px solid var(--line);border-radius:5px;padding:4px 8px;min-width:0}
header{background:var(--panel);border-bottom:1px solid var(--line)}
.bar{display:flex;align-items:center;gap:14px;max-width:1280px;margin:0 auto;padding:10px 20px 0}
.brand{font-weight:680;font-size:15px;white-space:nowrap}
.tag{font-size:12px;color:var(--soft);border:1px solid var(--line);border-radius:4px;padding:0 7px;line-height:20px}
.grow{flex:1}
header nav{max-width:1280px;margin:0 auto;padding:6px 12px 0;display:flex;gap:2px;overflow-x:auto;scrollbar-width:none}
header nav a{padding:7px 9px 9px;color:var(--soft);border-bottom:2px solid transparent;white-space:nowrap}
header nav a:hover{color:var(--text);text-decoration:none}
header nav a[aria-current]{color:var(--text);font-weight:600;border-color:var(--accent)}
.n{font-size:12px;font-weight:600;border-radius:8px;padding:0 6px;margin-left:3px;background:var(--track);color:var(--text)}
.n.bad{background:var(--badbg);color:var(--bad)}
main{max-width:1280px;margin:0 auto;padding:14px 20px 24px;display:grid;gap:12px}
.alert{display:grid;grid-template-columns:16px 1fr;gap:8px;border:1px solid var(--badline);background:var(--badbg);border-radius:6px;padding:8px 12px;overflow-wrap:anywhere;white-space:pre-line}
.alert .mark{color:var(--bad);font-weight:700;text-align:center}
.alert.done{border-color:var(--okline);background:var(--okbg)}.alert.done .mark{color:var(--ok)}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:6px;min-width:0}
.ph{display:flex;flex-wrap:wrap;align-items:center;gap:10px 14px;padding:12px 14px 8px}
.seg{display:inline-flex;border:1px solid var(--line);border-radius:5px}
.seg a{padding:4px 12px;color:var(--soft);border-left:1px solid var(--line);font-size:13px;white-space:nowrap}.seg a:first-child{border-left:0}
.seg a:hover{color:var(--text);text-decoration:none;background:var(--hover)}
.seg a[aria-current]{background:var(--line2);color:var(--text);font-weight:600}
.find{display:flex;gap:6px}.find input:not([type=hidden]){width:210px}
.sub{padding:0 14px 10px;color:var(--soft);font-size:13px}
.empty{padding:34px 14px 44px;text-align:center;color:var(--faint);border-top:1px solid var(--line2)}
.pages{display:flex;gap:16px;justify-content:flex-end;padding:10px 14px;border-top:1px solid var(--line2);font-size:13px}
table{border-collapse:collapse;width:100%;table-layout:fixed}
.c-group{width:304px}.c-number{width:86px}.c-age{width:104px}.c-acts{width:276px}
th{font-size:12px;font-weight:550;color:var(--soft);text-align:right;padding:4px 12px 6px;border-bottom:1px solid var(--line);white-space:nowrap}
td{padding:8px 12px;border-bottom:1px solid var(--line2);text-align:right;white-space:nowrap;vertical-align:top}
tbody tr:last-child td{border-bottom:0}
tbody tr:hover td{background:var(--hover)}
th:first-child,td:first-child{padding-left:14px}th:last-child,td:last-child{padding-right:14px}
th.l,td.l{text-align:left}
td:first-child,td.why{white-space:normal;overflow-wrap:anywhere}
td.why>div+div{padding-top:2px}
td.acts{padding-top:6px}
.id{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:12.5px}
.desc{display:block;color:var(--faint);font-size:12.5px}
.zero{color:var(--faint)}
.st{font-weight:600}.st.bad{color:var(--bad)}.st.warn{color:var(--warn)}.st.off{color:var(--soft)}
.said{color:var(--soft)}
.row{display:inline-flex;gap:6px;justify-content:flex-end}
details{position:relative}
summary{list-style:none}summary::-webkit-details-marker{display:none}
details[open]>summary{background:var(--line2)}
.pop{position:absolute;right:0;top:calc(100% + 5px);z-index:2;width:290px;padding:12px 14px;background:var(--panel);border:1px solid var(--line);border-radius:7px;box-shadow:var(--shadow);text-align:left;white-space:normal}
.pop form{display:grid;gap:9px;justify-items:start}.pop p{color:var(--soft);font-size:13px}
.pop label{display:grid;gap:3px;width:100%;font-size:12px;color:var(--soft)}.pop input{width:100%}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
footer{max-width:1280px;margin:0 auto;padding:0 20px 24px;color:var(--faint);font-size:12.5px}
@media (max-width:760px){
  .bar{padding:10px 12px 0}header nav{padding:4px 6px 0}main{padding:10px 10px 20px}footer{padding:0 12px 20px}
  .seg{width:100%;overflow-x:auto;scrollbar-width:none}.seg a{flex:1;text-align:center;padding:5px 3px;font-size:12.5px}.n{padding:0 5px}
  .find{width:100%}.find input:not([type=hidden]){flex:1;width:auto}.ph .grow{display:none}
  thead{display:none}table,tbody{display:block}
  tr{display:grid;grid-template-columns:auto auto auto 1fr;gap:3px 16px;padding:11px 14px;border-top:1px solid var(--line2)}
  td,td:first-child,td:last-child{padding:0;border:0;text-align:left}
  td:first-child,td.why,td.acts{grid-column:1/-1}td.acts{padding-top:5px}
  td[data-m]{font-size:13px}td[data-m]::before{content:attr(data-m) " ";color:var(--faint)}
  tbody tr:hover td{background:none}
  .row{position:relative}details{position:static}
  .pop{right:auto;left:0;width:min(310px,calc(100vw - 50px))}
}
`;
