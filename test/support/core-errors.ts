import { types } from 'node:util';

/**
 * Makes errors of Node's core instances of `Error`, as they are outside of Jest, which runs tests in a realm of its
 * own: a library that asks, as the AWS SDK does, would take them for something else and lose their codes.
 */
export function admitCoreErrors(): void {
  const ordinary = (type: unknown, value: unknown): boolean =>
    Boolean(Function.prototype[Symbol.hasInstance].call(type as () => void, value));
  Object.defineProperty(Error, Symbol.hasInstance, {
    configurable: true,
    value(this: unknown, value: unknown) {
      return ordinary(this, value) || (this === Error && types.isNativeError(value)); // subclasses inherit this method
    },
  });
}
