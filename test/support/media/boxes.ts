/** Boxes of MPEG-4 files, byte by byte. */

/** A box of that type; 64-bit lengths are not needed for what tests make. */
export function box(type: string, ...bodies: readonly (Buffer | number[])[]): Buffer {
  const body = Buffer.concat(bodies.map((one) => Buffer.from(one)));
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, 'latin1'), body]);
}

/** A box that begins with a version (0) and flags. */
export const fullBox = (type: string, flags: number, ...bodies: readonly (Buffer | number[])[]): Buffer =>
  box(type, u32(flags), ...bodies);

export const u16 = (...values: readonly number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, at) => buffer.writeUInt16BE(value, at * 2));
  return buffer;
};

export const u32 = (...values: readonly number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, at) => buffer.writeUInt32BE(value >>> 0, at * 4));
  return buffer;
};
