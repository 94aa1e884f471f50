import { chmodSync } from 'node:fs';
import path from 'node:path';

/** npm does this only when it links a command for the first time; a later build in a new folder would not be found executable. */
chmodSync(path.resolve(__dirname, '../src/cli/main.js'), 0o755);
