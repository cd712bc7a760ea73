import 'reflect-metadata';
import * as validator from 'class-validator';
import type { ValidationOptions } from 'class-validator';
import type { Type } from '@nestjs/common';
import { compare } from '../../../../test/support/payload-equivalence.js';
import { acceptPayload } from './accept-payload.js';

type Decorate = (options?: ValidationOptions) => PropertyDecorator;

const v = validator;
const HEX = 'd41d8cd98f00b204e9800998ecf8427e';
const TAX = { de: '26954371827' };

@v.ValidatorConstraint({ name: 'isLoud' })
class IsLoud implements validator.ValidatorConstraintInterface {
  validate(value: unknown, args: validator.ValidationArguments): boolean {
    return typeof value === 'string' && value.endsWith(args.constraints[0] as string);
  }
}

/** Every decorator of class-validator that judges one value, and a value that it accepts. */
const RULES: Readonly<Record<string, readonly [Decorate, unknown]>> = {
  ArrayContains: [(o) => v.ArrayContains([1], o), [1, 2]],
  ArrayMaxSize: [(o) => v.ArrayMaxSize(3, o), [1, 2]],
  ArrayMinSize: [(o) => v.ArrayMinSize(2, o), [1, 2]],
  ArrayNotContains: [(o) => v.ArrayNotContains([9], o), [1, 2]],
  ArrayNotEmpty: [(o) => v.ArrayNotEmpty(o), [1, 2]],
  ArrayUnique: [(o) => v.ArrayUnique(o), [1, 2]],
  Contains: [(o) => v.Contains('a', o), 'ab'],
  Equals: [(o) => v.Equals('a', o), 'a'],
  IsAlpha: [(o) => v.IsAlpha(undefined, o), 'abc'],
  IsAlphanumeric: [(o) => v.IsAlphanumeric(undefined, o), 'a1'],
  IsArray: [(o) => v.IsArray(o), ['a']],
  IsAscii: [(o) => v.IsAscii(o), 'a'],
  IsBIC: [(o) => v.IsBIC(o), 'DEUTDEFF'],
  IsBase32: [(o) => v.IsBase32(o), 'MFRGG==='],
  IsBase58: [(o) => v.IsBase58(o), 'abc'],
  IsBase64: [(o) => v.IsBase64(undefined, o), 'aGk='],
  IsBoolean: [(o) => v.IsBoolean(o), true],
  IsBooleanString: [(o) => v.IsBooleanString(o), 'true'],
  IsBtcAddress: [(o) => v.IsBtcAddress(o), '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2'],
  IsByteLength: [(o) => v.IsByteLength(1, 9, o), 'abc'],
  IsCreditCard: [(o) => v.IsCreditCard(o), '4111111111111111'],
  IsCurrency: [(o) => v.IsCurrency(undefined, o), '$10.50'],
  IsDataURI: [(o) => v.IsDataURI(o), 'data:text/plain;base64,aGk='],
  IsDate: [(o) => v.IsDate(o), new Date(0)],
  IsDateString: [(o) => v.IsDateString(undefined, o), '2026-01-01'],
  IsDecimal: [(o) => v.IsDecimal(undefined, o), '1.5'],
  IsDefined: [(o) => v.IsDefined(o), 'x'],
  IsDivisibleBy: [(o) => v.IsDivisibleBy(3, o), 9],
  IsEAN: [(o) => v.IsEAN(o), '4006381333931'],
  IsEmail: [(o) => v.IsEmail(undefined, o), 'ada@example.org'],
  IsEmpty: [(o) => v.IsEmpty(o), ''],
  IsEnum: [(o) => v.IsEnum({ A: 'a', B: 'b' }, o), 'a'],
  IsEthereumAddress: [(o) => v.IsEthereumAddress(o), `0x${HEX}01234567`],
  IsFQDN: [(o) => v.IsFQDN(undefined, o), 'example.org'],
  IsFirebasePushId: [(o) => v.IsFirebasePushId(o), '-M5x8h1Yx7j2kL3mN4oP'],
  IsFullWidth: [(o) => v.IsFullWidth(o), 'ａ'],
  IsHSL: [(o) => v.IsHSL(o), 'hsl(360,100%,50%)'],
  IsHalfWidth: [(o) => v.IsHalfWidth(o), 'a'],
  IsHash: [(o) => v.IsHash('md5', o), HEX],
  IsHexColor: [(o) => v.IsHexColor(o), '#ff0000'],
  IsHexadecimal: [(o) => v.IsHexadecimal(o), 'ff'],
  IsIBAN: [(o) => v.IsIBAN(undefined, o), 'DE89370400440532013000'],
  IsIP: [(o) => v.IsIP(undefined, o), '127.0.0.1'],
  IsISBN: [(o) => v.IsISBN(undefined, o), '9783161484100'],
  IsISIN: [(o) => v.IsISIN(o), 'US0378331005'],
  IsISO31661Alpha2: [(o) => v.IsISO31661Alpha2(o), 'DE'],
  IsISO31661Alpha3: [(o) => v.IsISO31661Alpha3(o), 'DEU'],
  IsISO31661Numeric: [(o) => v.IsISO31661Numeric(o), '276'],
  IsISO4217CurrencyCode: [(o) => v.IsISO4217CurrencyCode(o), 'EUR'],
  IsISO6391: [(o) => v.IsISO6391(o), 'de'],
  IsISO8601: [(o) => v.IsISO8601(undefined, o), '2026-01-01'],
  IsISRC: [(o) => v.IsISRC(o), 'USRC17607839'],
  IsISSN: [(o) => v.IsISSN(undefined, o), '0378-5955'],
  IsIdentityCard: [(o) => v.IsIdentityCard('ES', o), '99999999R'],
  IsIn: [(o) => v.IsIn(['a', 'b'], o), 'a'],
  IsInstance: [(o) => v.IsInstance(Date, o), new Date(0)],
  IsInt: [(o) => v.IsInt(o), 5],
  IsJSON: [(o) => v.IsJSON(o), '{"a":1}'],
  IsJWT: [(o) => v.IsJWT(o), 'eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln'],
  IsLatLong: [(o) => v.IsLatLong(o), '52.5,13.4'],
  IsLatitude: [(o) => v.IsLatitude(o), '52.5'],
  IsLocale: [(o) => v.IsLocale(o), 'de_DE'],
  IsLongitude: [(o) => v.IsLongitude(o), '13.4'],
  IsLowercase: [(o) => v.IsLowercase(o), 'a'],
  IsMACAddress: [(o) => v.IsMACAddress(undefined, o), '01:02:03:04:05:ab'],
  IsMagnetURI: [(o) => v.IsMagnetURI(o), `magnet:?xt=urn:btih:${HEX}01234567&dn=x&tr=x`],
  IsMilitaryTime: [(o) => v.IsMilitaryTime(o), '23:59'],
  IsMimeType: [(o) => v.IsMimeType(o), 'image/png'],
  IsMobilePhone: [(o) => v.IsMobilePhone(undefined, undefined, o), '+4915112345678'],
  IsMongoId: [(o) => v.IsMongoId(o), '507f1f77bcf86cd799439011'],
  IsMultibyte: [(o) => v.IsMultibyte(o), 'ä'],
  IsNegative: [(o) => v.IsNegative(o), -1],
  IsNotEmpty: [(o) => v.IsNotEmpty(o), 'x'],
  IsNotEmptyObject: [(o) => v.IsNotEmptyObject(undefined, o), { a: 1 }],
  IsNotIn: [(o) => v.IsNotIn(['a', 'x', null], o), 'b'],
  IsNumber: [(o) => v.IsNumber(undefined, o), 1.5],
  IsNumberString: [(o) => v.IsNumberString(undefined, o), '12'],
  IsObject: [(o) => v.IsObject(o), { a: 1 }],
  IsOctal: [(o) => v.IsOctal(o), '017'],
  IsPassportNumber: [(o) => v.IsPassportNumber('DE', o), 'C01X00T47'],
  IsPhoneNumber: [(o) => v.IsPhoneNumber(undefined, o), '+4915112345678'],
  IsPort: [(o) => v.IsPort(o), '80'],
  IsPositive: [(o) => v.IsPositive(o), 1],
  IsPostalCode: [(o) => v.IsPostalCode('DE', o), '10115'],
  IsRFC3339: [(o) => v.IsRFC3339(o), '2026-01-01T00:00:00Z'],
  IsRgbColor: [(o) => v.IsRgbColor(undefined, o), 'rgb(1,2,3)'],
  IsSemVer: [(o) => v.IsSemVer(o), '1.2.3'],
  IsString: [(o) => v.IsString(o), 'x'],
  IsStrongPassword: [(o) => v.IsStrongPassword(undefined, o), 'Abcdef1!'],
  IsSurrogatePair: [(o) => v.IsSurrogatePair(o), '😀'],
  IsTaxId: [(o) => v.IsTaxId('de-DE', o), TAX.de],
  IsTimeZone: [(o) => v.IsTimeZone(o), 'Europe/Berlin'],
  IsUUID: [(o) => v.IsUUID(undefined, o), '3f2504e0-4f89-41d3-9a0c-0305e82c3301'],
  IsUppercase: [(o) => v.IsUppercase(o), 'A'],
  IsUrl: [(o) => v.IsUrl(undefined, o), 'https://example.org/a'],
  IsVariableWidth: [(o) => v.IsVariableWidth(o), 'aａ'],
  Length: [(o) => v.Length(1, 5, o), 'abc'],
  Matches: [(o) => v.Matches(/^a+$/, o), 'aa'],
  Max: [(o) => v.Max(5, o), 3],
  MaxDate: [(o) => v.MaxDate(new Date(10), o), new Date(5)],
  MaxLength: [(o) => v.MaxLength(5, o), 'abc'],
  Min: [(o) => v.Min(1, o), 3],
  MinDate: [(o) => v.MinDate(new Date(1), o), new Date(5)],
  MinLength: [(o) => v.MinLength(2, o), 'abc'],
  NotContains: [(o) => v.NotContains('x', o), 'abc'],
  NotEquals: [(o) => v.NotEquals('x', o), 'abc'],
  Validate: [(o) => v.Validate(IsLoud, ['!'], o), 'hey!'],
  ValidateBy: [
    (o) => v.ValidateBy({ name: 'odd', validator: { validate: (n) => Number(n) % 2 === 1 } }, o),
    3,
  ],
};

/** Decorators of another kind; `accept-payload.spec.ts` has classes with each of them. */
const OTHERS = [
  ...['Allow', 'IsOptional', 'ValidateIf', 'ValidateNested', 'ValidatePromise', 'ValidatorConstraint'],
];
const NO_DECORATORS = ['MetadataStorage', 'ValidationError', 'ValidationTypes', 'Validator'];

/** A class whose one property `value` has these decorators. */
function classWith(...decorators: readonly PropertyDecorator[]): Type<object> {
  class Host {
    value?: unknown;
  }
  for (const decorate of decorators) decorate(Host.prototype, 'value');
  return Host;
}

const rules = Object.entries(RULES);

describe('a class with a decorator of class-validator', () => {
  it('is compared with the libraries for every decorator that exists', () => {
    const names = Object.entries(validator).filter(
      ([name, value]) => typeof value === 'function' && /^[A-Z]/.test(name),
    );
    const known = [...Object.keys(RULES), ...OTHERS, ...NO_DECORATORS];
    expect(names.map(([name]) => name).filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(rules)('@%s: says yes only where the libraries do', async (_, [decorate, good]) => {
    const kinds: [Type<object>, object[]][] = [
      [classWith(decorate()), [{ value: good }]],
      [classWith(decorate({ each: true })), [{ value: [good, good] }, { value: [] }]],
      [classWith(v.IsOptional(), decorate({ message: 'no', context: { a: 1 } })), [{ value: good }, {}]],
      [classWith(decorate({ groups: ['g'], always: true })), [{ value: good }]],
      [
        classWith(decorate({ validateIf: (_host, value) => value !== 'a' })),
        [{ value: good }, { value: 'a' }],
      ],
    ];
    for (const [type, usual] of kinds) {
      const { wrong, fastYes } = await compare(type, usual, { rounds: 60 });
      expect(wrong).toEqual([]);
      for (const payload of usual)
        expect([payload, acceptPayload(type, payload, 1_000)]).not.toContain(undefined);
      expect(fastYes).toBeGreaterThan(1);
    }
  });

  it.each(rules)('@%s: a compiled class without it would be found out', async (_, [decorate, good]) => {
    const type = classWith(decorate());
    const without = classWith(v.Allow());
    const accept = (_type: Type<object>, data: unknown, maxBytes: number): object | undefined =>
      acceptPayload(without, data, maxBytes);
    let wrong = '';
    for (let seed = 1; seed <= 20 && !wrong.includes('say no'); seed++) {
      wrong = (await compare(type, [{ value: good }], { seed, rounds: 40, accept })).wrong.join();
    }
    expect(wrong).toContain('say no');
  });
});
