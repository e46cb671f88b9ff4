import { describe, expect, it } from 'vitest'
import { clusterWait } from './cluster-wait.ts'
import { FakeEngine } from './fake.ts'
import { FeedHub } from './hub.ts'

function setUp() {
  const engine = new FakeEngine()
  const hub = new FeedHub({ frame: (callback) => callback(), calm: (callback) => callback() })
  engine.onMessage((message) => message.type === 'feed' && hub.receive(message))
  hub.attach(engine.api)
  return { engine, wait: clusterWait(hub) }
}

/** Lets promises settle. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('clusterWait', () => {
  it('waits in cluster time, and not at all while the cluster is paused', async () => {
    const { engine, wait } = setUp()
    let over = false
    const waiting = wait(5000, new AbortController().signal).then(() => (over = true))
    engine.tick(0)
    engine.tick(4900)
    engine.running = false
    engine.tick(60_000)
    await settle()
    expect(over).toBe(false)
    engine.running = true
    engine.tick(100)
    await waiting
    expect(over).toBe(true)
  })

  it('ends when it is aborted', async () => {
    const { engine, wait } = setUp()
    const controller = new AbortController()
    const waiting = wait(5000, controller.signal)
    engine.tick(0)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })
})
