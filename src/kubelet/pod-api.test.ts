import { describe, expect, test } from 'vitest'
import { pods } from '../apimachinery/generated/resources.ts'
import type { Pod } from '../apimachinery/generated/types.ts'
import { makePod, oneNode } from './testdata/harness.ts'

function started(pod: Pod, seconds = 10) {
  const node = oneNode()
  node.kubelet.start()
  node.create(pods, pod)
  node.run(seconds)
  const api = node.kubelet.podApi
  if (!api) throw new Error('no runtime')
  return { node, api, pod: () => node.pod() as Pod }
}
const sh = (script: string) => ({ image: 'busybox', command: ['sh', '-c', script] })

describe('logs', () => {
  test('all, the end of it, with times, and from now on', () => {
    const { node, api, pod } = started(
      makePod(sh('for i in 1 2 3; do echo line $i; sleep 1; done; sleep 4; echo late; sleep 100')),
      5,
    )
    expect(api.logs(pod())).toBe('line 1\nline 2\nline 3\n')
    expect(api.logs(pod(), { tailLines: 1 })).toBe('line 3\n')
    expect(api.logs(pod(), { sinceSeconds: 2 })).toBe('line 3\n')
    expect(api.logs(pod(), { timestamps: true, tailLines: 1 })).toMatch(/^2026-01-01T00:00:03\.\d{9}Z line 3\n$/)
    const lines: string[] = []
    let ended = false
    api.follow(
      pod(),
      { tailLines: 1 },
      (line) => lines.push(line),
      () => (ended = true),
    )
    node.run(6)
    expect(lines).toEqual(['line 3', 'late'])
    node.kubelet.powerOff()
    expect(ended).toBe(true)
  })

  test.each<[string, Pod, string]>([
    [
      'no such image',
      makePod({ image: 'ngnix' }),
      'container "c" in pod "p" is waiting to start: trying and failing to pull image',
    ],
    [
      'a missing volume',
      makePod({}, { volumes: [{ name: 'v', configMap: { name: 'cm' } }] }),
      'container "c" in pod "p" is waiting to start: ContainerCreating',
    ],
    [
      'several containers',
      makePod(
        {},
        {
          containers: [
            { name: 'a', image: 'redis' },
            { name: 'b', image: 'nginx' },
          ],
          initContainers: [{ name: 'i', image: 'busybox' }],
        },
      ),
      'a container name must be specified for pod p, choose one of: [a b] or one of the init containers: [i]',
    ],
  ])('%s', (_, given, message) => {
    const { api, pod } = started(given, 15)
    expect(() => api.logs(pod())).toThrow(message)
  })

  test('of the run before', () => {
    const { api, pod } = started(makePod(sh('echo $HOSTNAME; exit 1')), 8)
    expect(api.logs(pod(), { previous: true })).toBe('p\n')
    const once = started(makePod(sh('sleep 100')))
    expect(() => once.api.logs(once.pod(), { previous: true })).toThrow('previous terminated container "c" in pod "p" not found')
  })
})

describe('exec', () => {
  const run = (image: string, command: readonly string[]) => {
    const { node, api, pod } = started(makePod({ image, ...(image === 'busybox' ? { command: ['sleep', '1000'] } : {}) }))
    let out = ''
    const write = (text: string) => void (out += text)
    const session = api.exec(pod(), undefined, command, { stdin: false, tty: false, stdout: write, stderr: write })
    let code = -1
    node.sim.spawn(session.run, (exitCode) => (code = exitCode))
    node.run(2)
    return `${code} ${out}`
  }

  /** Runs sh with its streams attached, sends the texts two seconds apart, and gives what came back. */
  const talk = (tty: boolean, texts: readonly string[]) => {
    const { node, api, pod } = started(makePod({ image: 'busybox', command: ['sleep', '1000'] }))
    let out = ''
    let code: number | undefined
    const write = (text: string) => void (out += text)
    const session = api.exec(pod(), undefined, ['sh'], { stdin: true, tty, stdout: write, stderr: write })
    node.sim.spawn(session.run, (exitCode) => (code = exitCode))
    for (const text of texts) {
      node.run(2)
      if (text === 'EOF') session.closeInput()
      else session.write(text)
    }
    node.run(2)
    return { out, code }
  }

  test('a shell takes its commands from a pipe', () => {
    expect(talk(false, ['echo one\nX=2\n', 'echo $X | cat\nif true; then\n', 'echo three; fi\nexit 7\n'])).toEqual({
      out: 'one\n2\nthree\n',
      code: 7,
    })
    expect(talk(false, ['cat > /tmp/f\n', 'hello\n', 'EOF'])).toEqual({ out: '', code: 0 })
  })

  test('a shell in a terminal prompts, echoes, erases, and is interrupted', () => {
    expect(talk(true, ['echp\x7fo hi\r', 'sleep 100\r', '\x03', 'echo $?\r', '\x04'])).toEqual({
      out: '/ # echp\b \bo hi\r\nhi\r\n/ # sleep 100\r\n^C\r\n/ # echo $?\r\n130\r\n/ # ',
      code: 0,
    })
  })

  test('a container with an open input waits for whoever attaches', () => {
    const { node, api, pod } = started(makePod({ image: 'busybox', command: ['sh'], stdin: true, tty: true }))
    node.run(60)
    expect(pod().status?.containerStatuses?.[0]?.state?.running).toBeDefined()
    let out = ''
    let code: number | undefined
    const attachment = api.attach(
      pod(),
      undefined,
      (text) => (out += text),
      (exitCode) => (code = exitCode),
    )
    attachment.write('hostname; exit 3\r')
    node.run(2)
    expect({ out, code }).toEqual({ out: 'hostname; exit 3\r\np\r\n', code: 3 })
  })

  test('commands in a container', () => {
    expect(run('nginx', ['curl', '-s', 'localhost/nope'])).toContain('404 Not Found')
    expect(run('nginx', ['sh', '-c', 'echo hi > /usr/share/nginx/html/index.html; curl localhost'])).toBe('0 hi\n')
    expect(run('redis', ['redis-cli', 'ping'])).toBe('0 PONG\n')
    expect(run('busybox', ['cat', '/etc/resolv.conf'])).toBe(
      '0 search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
    )
    expect(run('busybox', ['bash'])).toBe(
      '127 failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: "bash": executable file not found in $PATH\n',
    )
  })
})

describe('changes to a running pod', () => {
  test('an ephemeral container is added', () => {
    const { node, pod } = started(makePod({}))
    const ephemeralContainers = [{ name: 'debug', image: 'busybox', command: ['sh', '-c', 'echo looking; sleep 100'] }]
    node.sim.spawn(
      node.client.patch(pods, 'default', 'p', { spec: { ephemeralContainers } }, 'strategic', {
        subresource: 'ephemeralcontainers',
      }),
    )
    node.run(5)
    expect(pod().status?.ephemeralContainerStatuses?.[0]?.state?.running).toBeDefined()
    expect(node.logs('p', 'debug')).toEqual(['looking'])
  })

  test('a smaller memory limit', () => {
    const stress = { image: 'polinux/stress', command: ['stress', '--vm', '1', '--vm-bytes', '200M'] }
    const limits = (memory: string) => ({ limits: { memory }, requests: { memory } })
    const { node } = started(makePod({ ...stress, resources: limits('300Mi') }))
    expect(node.status()?.restartCount).toBe(0)
    const patch = { spec: { containers: [{ name: 'c', resources: limits('100Mi') }] } }
    node.sim.spawn(node.client.patch(pods, 'default', 'p', patch, 'strategic', { subresource: 'resize' }))
    node.run(3)
    expect(node.status()?.lastState?.terminated?.reason).toBe('OOMKilled')
  })
})
