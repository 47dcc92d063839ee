import { etl } from './etl.ts';
import type { WarmAnswer, WarmCommand } from './warm.ts';

/** The command in a process that stays: it is told what to do by messages, one at a time, and ends with who tells it. */
const { main } = await import('../../engine/cli/main.js');

type Write = typeof process.stdout.write;

/** Keeps what is written to a stream, and gives it when it is asked for. */
function kept(stream: NodeJS.WriteStream): () => string {
  let text = '';
  stream.write = ((chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const done = rest.find((one): one is () => void => typeof one === 'function');
    if (done !== undefined) queueMicrotask(done);
    return true;
  }) as Write;
  return () => {
    const all = text;
    text = '';
    return all;
  };
}

const stdout = kept(process.stdout);
const stderr = kept(process.stderr);

async function perform({ args, env, folder }: WarmCommand): Promise<WarmAnswer> {
  process.chdir(folder);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.exitCode = undefined;
  await main(args, new URL(etl, 'file:').href);
  const { exitCode = 0 } = process;
  process.exitCode = undefined;
  // Each command listens for itself.
  process.stderr.removeAllListeners('error');
  return { code: Number(exitCode), stdout: stdout(), stderr: stderr() };
}

process.on('message', (command: WarmCommand) => {
  void perform(command).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());
