// Adds up Jest's JSON reports of a folder and prints `N passed, M failed`. A failed step that no failed test explains
// (a finding of a check, a crash before Jest's report) counts as one failure.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [folder, failedSteps] = process.argv.slice(2);
const reports = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
const sum = (field) => reports.reduce((total, report) => total + report[field], 0);

const unexplained = Number(failedSteps) - reports.filter(({ success }) => !success).length;
const failed = sum('numFailedTests') + sum('numRuntimeErrorTestSuites') + Math.max(0, unexplained);
console.log(`${sum('numPassedTests')} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
