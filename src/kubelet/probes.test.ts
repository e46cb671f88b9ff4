import { describe, expect, test } from 'vitest'
import { pods } from '../apimachinery/generated/resources.ts'
import type { Container } from '../apimachinery/generated/types.ts'
import { makePod, oneNode } from './testdata/harness.ts'

function started(container: Partial<Container>, seconds: number) {
  const node = oneNode()
  node.kubelet.start()
  node.create(pods, makePod(container))
  node.run(seconds)
  return node
}

describe('probes', () => {
  test('the liveness example: a file that goes away after 30 seconds', () => {
    const node = started(
      {
        image: 'busybox',
        args: ['/bin/sh', '-c', 'touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600'],
        livenessProbe: { exec: { command: ['cat', '/tmp/healthy'] }, initialDelaySeconds: 5, periodSeconds: 5 },
      },
      80,
    )
    const unhealthy = node.events('Unhealthy')
    expect(unhealthy[0]?.message).toBe("Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n")
    expect(unhealthy[0]?.count).toBe(3)
    expect(node.events('Killing')[0]?.message).toBe('Container c failed liveness probe, will be restarted')
    expect(node.status()?.restartCount).toBe(1)
    // Asked three times, with ten seconds and more of nothing in between: 30 s until the file goes, 30 s of grace.
    const restart = node.log.find((line) => line.includes('running+(1)'))
    expect(Number(restart?.split(' ')[0])).toBeGreaterThan(70)
  })

  test('readiness follows a slow database, and then costs nothing', () => {
    const node = started(
      {
        image: 'mysql:5.7',
        env: [{ name: 'MYSQL_ROOT_PASSWORD', value: 'x' }],
        readinessProbe: { tcpSocket: { port: 3306 }, initialDelaySeconds: 5, periodSeconds: 5 },
      },
      40,
    )
    expect(node.events('Unhealthy').map((e) => [e.message, e.count])).toEqual([
      ['Readiness probe failed: dial tcp 10.88.0.2:3306: connect: connection refused', 2],
    ])
    expect(node.condition('Ready')).toBe('True')
    const executed = node.sim.executed
    node.run(3600)
    expect(node.sim.executed - executed).toBeLessThan(3)
  })

  test('a startup probe holds the others back', () => {
    const probe = { httpGet: { path: '/', port: 8848 } }
    const node = started(
      { image: 'nacos/nacos-server', startupProbe: { ...probe, periodSeconds: 5, failureThreshold: 30 }, livenessProbe: probe },
      100,
    )
    const messages = node.events('Unhealthy').map((e) => e.message)
    expect(messages).toEqual([
      'Startup probe failed: Get "http://10.88.0.2:8848/": dial tcp 10.88.0.2:8848: connect: connection refused',
    ])
    expect(node.status()).toMatchObject({ started: true, ready: true, restartCount: 0 })
  })

  test('a startup probe that never succeeds', () => {
    const node = started({ startupProbe: { httpGet: { path: '/', port: 81 }, periodSeconds: 2, failureThreshold: 3 } }, 15)
    expect(node.events('Killing')[0]?.message).toBe('Container c failed startup probe, will be restarted')
  })

  test('answers that are no success', () => {
    const texts = (container: Partial<Container>) =>
      started(container, 20)
        .events('Unhealthy')
        .map((e) => e.message)
    expect(texts({ readinessProbe: { httpGet: { path: '/nope', port: 80 } } })).toEqual([
      'Readiness probe failed: HTTP probe failed with statuscode: 404',
    ])
    expect(texts({ readinessProbe: { exec: { command: ['nope'] } } })[0]).toMatch(
      /^Readiness probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec in container/,
    )
    expect(texts({ image: 'busybox', command: ['sleep', '100'], livenessProbe: { exec: { command: ['sleep', '5'] } } })).toEqual([
      'Liveness probe failed: command timed out: "sleep 5" timed out after 1s',
    ])
  })

  test('what changes in the container is seen at the next tick', () => {
    const node = started(
      {
        image: 'busybox',
        command: ['sh', '-c', 'sleep 33; touch /tmp/ready; sleep 20; rm /tmp/ready; sleep 1000'],
        readinessProbe: { exec: { command: ['test', '-f', '/tmp/ready'] }, periodSeconds: 10, failureThreshold: 1 },
      },
      200,
    )
    const changes = node.log.filter((line) => / Running /.test(line)).map((line) => line.split(' '))
    expect(changes.map((c) => c[3])).toEqual(['c:running', 'c:running+', 'c:running'])
    const [up = 0, down = 0] = changes.slice(1).map((c) => Number(c[0]))
    expect(up - 34).toBeLessThan(10)
    expect(down - up).toBe(20)
  })

  test('an HTTP server that turns bad after ten seconds', () => {
    const probe = { httpGet: { path: '/healthz', port: 8080 }, initialDelaySeconds: 3, periodSeconds: 3 }
    const node = started({ image: 'registry.k8s.io/e2e-test-images/agnhost:2.40', args: ['liveness'], livenessProbe: probe }, 40)
    expect(node.events('Unhealthy')[0]?.message).toBe('Liveness probe failed: HTTP probe failed with statuscode: 500')
    expect(node.status()?.restartCount).toBe(1)
  })
})
