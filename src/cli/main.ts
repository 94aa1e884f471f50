#!/usr/bin/env node
import { runCli } from './program';
import { showWarnings, watchOutput } from './terminal';

watchOutput();
showWarnings();
void runCli(process.argv.slice(2));
