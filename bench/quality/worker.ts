import { parentPort } from 'node:worker_threads';
import { runTask, type Task } from './task.ts';

const port = parentPort;
if (port === null) throw new Error('bench/quality/worker.ts runs as a worker of `npm run bench -- quality`');
port.on('message', (task: Task) => {
  runTask(task, (policy, outcome, cpuMs) => port.postMessage({ policy, outcome, cpuMs }));
  port.postMessage({ finished: true });
});
