import type { Call } from '../../emulator/shared/traffic/call-hooks';
import type { StruckPhase } from '../schedules/strikes';
import { Striker } from './striker';

const SESSION = /^GET \S+assetIngestionSessions\/\{session_id\}$/;
const GIVES_UP = /^DELETE |:cancel$/;

/** Sees every call to the emulator of a dataset. */
export class DatasetStriker extends Striker {
  protected override phaseOf({ route }: Call): StruckPhase {
    if (this.progress === 'cleaning') return 'cleaning';
    if (GIVES_UP.test(route)) return (this.progress = 'cleaning');
    if (this.progress === 'creating' && SESSION.test(route)) {
      this.progress = 'processing';
      this.await('processing');
    }
    return this.progress;
  }
}
