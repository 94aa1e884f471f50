import { chmodSync } from 'node:fs';
import path from 'node:path';

/** npm makes the program executable once, when it links it; what is cloned again, or built anew, it leaves as it is. */
chmodSync(path.resolve(__dirname, '../src/cli/main.js'), 0o755);
