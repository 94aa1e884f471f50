import { IllegalStateError } from '@temporalio/common';
import { GracefulShutdownPeriodExpiredError } from '@temporalio/worker';
import { createWorkers, runWorkers } from '../../../src/temporal/run-workers';
import { WorkAbandoned } from '../../../src/temporal/work-abandoned';

type State = 'INITIALIZED' | 'RUNNING' | 'DRAINING' | 'STOPPED' | 'FAILED';

/** A worker that drains only when it is told to. */
class FakeWorker {
  state: State = 'INITIALIZED';
  private end: (error?: Error) => void = () => {};

  run(): Promise<void> {
    this.state = 'RUNNING';
    return new Promise((resolve, reject) => {
      this.end = (error) => (error ? reject(error) : resolve());
    });
  }

  shutdown(): void {
    if (this.state !== 'RUNNING') throw new Error(`not running, but ${this.state}`);
    this.state = 'DRAINING';
  }

  getState(): State {
    return this.state;
  }

  drain(): void {
    this.state = 'STOPPED';
    this.end();
  }

  die(error: Error): void {
    this.state = 'FAILED';
    this.end(error);
  }
}

/** Lets everything run that can run by itself. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function running() {
  const [uploads, calls, waits] = [new FakeWorker(), new FakeWorker(), new FakeWorker()];
  const hooks = { handBack: jest.fn(), close: jest.fn(async () => {}) };
  return { uploads, calls, waits, hooks, ...runWorkers([uploads, calls, waits], hooks) };
}

test('when one worker dies, connections stay open until the others have drained', async () => {
  const { uploads, calls, waits, hooks, done } = running();
  const told = expect(done).rejects.toThrow('died');
  calls.die(new Error('died'));
  await settle();
  expect([uploads.state, waits.state]).toEqual(['DRAINING', 'DRAINING']);
  expect(hooks.handBack).toHaveBeenCalledTimes(1);
  uploads.drain();
  await settle();
  expect(hooks.close).not.toHaveBeenCalled();
  waits.drain();
  await told;
  expect(hooks.close).toHaveBeenCalledTimes(1);
});

test('the first death is told, not what followed from it', async () => {
  const { uploads, calls, waits, done } = running();
  calls.die(new Error('first'));
  await settle();
  uploads.die(new Error('second'));
  waits.drain();
  await expect(done).rejects.toThrow('first');
});

test.each([
  ['tells so', new GracefulShutdownPeriodExpiredError('expired')],
  ['fails to end its native part', new IllegalStateError('Worker still in use: Expected 1 reference, but got 2')],
])('a call that outlives the force time is told of as abandoned: the SDK %s', async (_how, error) => {
  const { uploads, calls, waits, hooks, stop } = running();
  const stopped = expect(stop()).rejects.toThrow(WorkAbandoned);
  calls.die(error);
  uploads.drain();
  waits.drain();
  await stopped;
  expect(hooks.close).toHaveBeenCalledTimes(1);
});

test('a failed start ends the workers that were made, and tells its own cause', async () => {
  const made = new FakeWorker();
  const shutdown = jest.spyOn(made, 'shutdown');
  const failing = createWorkers([Promise.resolve(made), Promise.reject(new Error('no such bundle'))]);
  const told = expect(failing).rejects.toThrow('no such bundle');
  await settle();
  expect(shutdown).toHaveBeenCalledTimes(1);
  made.drain();
  await told;
});
