import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../model/errors.ts';
import type { LookedUp, WorkerSetup, WorkerTask } from './protocol.ts';
import { PageWorker } from './worker.ts';

/** A worker thread: parses and maps pages off the main thread. */
const port = parentPort;
assert(port, 'thread.ts runs as a worker thread');

const worker = new PageWorker(workerData as WorkerSetup, (answer, bytes) => port.postMessage(answer, bytes));
port.on('message', (task: WorkerTask | LookedUp) => void worker.perform(task));
