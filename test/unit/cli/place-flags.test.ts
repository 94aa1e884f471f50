import { cliInProcess } from '../../support/cli-in-process';

test.each(['sweep', 'force-delete k', 'setup'])(
  '%s refuses the place of another provider, by its flag',
  async (line) => {
    const { code, stderr } = await cliInProcess([...line.split(' '), '--dataset', 'd1']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--dataset: goes with --provider datature-vi$/m);
  },
);
