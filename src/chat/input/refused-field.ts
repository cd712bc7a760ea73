import { registerDecorator } from 'class-validator';

/** A field that nobody may send, and why: said instead of ignoring what a client believes to decide. */
export function Refused(reason: string): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      ...{ name: 'refused', target: target.constructor, propertyName: String(property) },
      options: { message: reason },
      validator: { validate: (value: unknown) => value === undefined },
    });
  };
}
