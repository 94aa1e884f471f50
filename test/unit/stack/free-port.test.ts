import { freePort } from '../../support/system/free-port';

test('ports that one test asks for, and those beside them, are never the same', async () => {
  const ports: number[] = [];
  for (let asked = 0; asked < 200; asked++) ports.push(await freePort());
  const sorted = ports.toSorted((a, b) => a - b);
  const gaps = sorted.slice(1).map((port, at) => port - (sorted[at] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(3);
});
