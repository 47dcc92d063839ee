import { preset, SnowflakeStandIn } from './stand-in.ts';

/** Serves a stand-in until it is told to end: `serve.js [port] [file] [stages]`. Its first line is its address. */
const [port = '0', file, stages] = process.argv.slice(2);
const standIn = await SnowflakeStandIn.start({
  port: Number(port),
  ...(file !== undefined && file !== '' && { file }),
  ...(stages !== undefined && { stages }),
});
process.stdout.write(`${standIn.url}\n${JSON.stringify(preset)}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void standIn.close().then(() => process.exit(0));
  });
