import { wrap } from 'comlink'
import type { EngineApi, WorkerMessage } from '../../worker/protocol.ts'
import type { EngineTransport } from './transport.ts'

/** Starts the engine in a Web Worker. Feeds and the crash message travel beside comlink as plain messages. */
export function startWorker(): EngineTransport {
  const worker = new Worker(new URL('../../worker/worker.ts', import.meta.url), { type: 'module', name: 'kubarium-engine' })
  return {
    // comlink's Remote<EngineApi> promises what EngineApi promises already.
    api: wrap<EngineApi>(worker),
    onMessage: (listener) => {
      worker.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (isWorkerMessage(event.data)) listener(event.data)
      })
    },
    onFailure: (listener) => {
      worker.addEventListener('error', (event) => listener(event.message || 'The engine could not be loaded.'))
      worker.addEventListener('messageerror', () => listener('A message from the engine could not be read.'))
    },
    terminate: () => worker.terminate(),
  }
}

function isWorkerMessage(data: unknown): data is WorkerMessage {
  if (typeof data !== 'object' || data === null || !('type' in data)) return false
  return data.type === 'feed' || data.type === 'crash'
}
