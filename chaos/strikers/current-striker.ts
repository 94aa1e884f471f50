import type { Call, CallHooks } from '../../emulator/shared/traffic/call-hooks';
import type { Fault } from '../../emulator/shared/traffic/faults';
import type { Striker } from './striker';

/** Shows the calls to an emulator to the striker whose schedule runs. */
export class CurrentStriker implements CallHooks {
  constructor(private striker: Striker) {}

  use(striker: Striker): void {
    this.striker = striker;
  }

  arrived(call: Call): Promise<Fault | undefined> {
    return this.striker.arrived(call);
  }

  answered(call: Call, outcome: number | 'dropped'): void {
    this.striker.answered(call, outcome);
  }
}
