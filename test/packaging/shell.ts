import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/** The environment of a user's shell, with nothing of this test run in it. */
export const USER_ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  npm_config_loglevel: 'error',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_prefer_offline: 'true',
  // None of the packages needs its install script.
  npm_config_ignore_scripts: 'true',
};

/**
 * Runs a command to its end.
 * @param environment beside that of a user's shell
 * @returns its standard output
 * @throws Error with the command's whole output when it fails or takes longer than four minutes
 */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  try {
    const { stdout } = await execFileAsync(command, args, {
      ...{ cwd, env: { ...USER_ENVIRONMENT, ...environment } },
      ...{ timeout: 240_000, maxBuffer: 64 * 1024 * 1024 },
    });
    return stdout;
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}\n${stdout}\n${stderr}`, {
      cause: error,
    });
  }
}
