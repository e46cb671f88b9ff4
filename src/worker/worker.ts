/// <reference lib="webworker" />
import { expose } from 'comlink'
import { Engine } from './engine.ts'
import type { Host } from './pacer.ts'
import type { WorkerMessage } from './protocol.ts'

const scope = self as unknown as DedicatedWorkerGlobalScope

/** Zero-delay callbacks through a message channel: browsers slow repeated setTimeout(0) down to 4 ms. */
const channel = new MessageChannel()
const soon: (() => void)[] = []
channel.port1.onmessage = () => soon.shift()?.()

const host: Host = {
  now: () => performance.now(),
  later: (ms, callback) => {
    if (ms > 0) {
      setTimeout(callback, ms)
      return
    }
    soon.push(callback)
    channel.port2.postMessage(0)
  },
}

expose(new Engine(host, (message: WorkerMessage) => scope.postMessage(message)))
