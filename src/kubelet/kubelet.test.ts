import { describe, expect, test } from 'vitest'
import { configmaps, nodes, pods } from '../apimachinery/generated/resources.ts'
import type { Container, PodSpec } from '../apimachinery/generated/types.ts'
import { makePod, oneNode } from './testdata/harness.ts'

function started(container: Partial<Container>, spec: Partial<PodSpec> = {}, seconds = 30) {
  const node = oneNode()
  node.kubelet.start()
  node.create(pods, makePod(container, spec))
  node.run(seconds)
  return node
}
const busybox = (script: string): Partial<Container> => ({ image: 'busybox', command: ['sh', '-c', script] })

describe('a plain pod', () => {
  test('is pulled, created, started, made ready, and stopped', () => {
    const node = started({})
    expect(node.events().map((e) => `${e.type} ${e.reason} ${e.message}`)).toEqual([
      'Normal Pulling Pulling image "nginx"',
      expect.stringMatching(
        /^Normal Pulled Successfully pulled image "nginx" in 5\.\d+s \(5\.\d+s including waiting\)\. Image size: 7\d{7} bytes\.$/,
      ),
      'Normal Created Container created',
      'Normal Started Container started',
    ])
    expect(node.pod()?.status?.conditions?.map((c) => `${c.type}=${c.status}`)).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ])
    expect(node.log.length).toBe(4)
    node.sim.spawn(node.client.delete(pods, 'default', 'p'))
    node.run(40)
    expect(node.log).toContain('30.05 p Succeeded c:exit 0 Completed')
    expect(node.log.at(-1)).toBe('30.15 p gone')
    expect(node.events('Killing').map((e) => e.message)).toEqual(['Stopping container c'])
    expect([...node.runtime.pods()]).toEqual([])
    expect(node.sim.pending).toBe(0)
  })

  test('that does not fit is turned away', () => {
    const node = started({ resources: { requests: { cpu: '100' } } })
    const message = "Node didn't have enough resource: cpu, requested: 100000, used: 0, capacity: 4000"
    expect(node.pod()?.status).toMatchObject({ phase: 'Failed', reason: 'OutOfcpu', message: `Pod was rejected: ${message}` })
    expect(node.events('OutOfcpu')[0]?.message).toBe(message)
  })

  test('ends when its time is up', () => {
    const node = started(
      { ...busybox('sleep 100') },
      { activeDeadlineSeconds: 5, restartPolicy: 'Never', terminationGracePeriodSeconds: 3 },
    )
    expect(node.pod()?.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
    // sleep as first process does not hear SIGTERM.
    expect(node.status()?.state?.terminated?.exitCode).toBe(137)
  })
})

describe('restarts', () => {
  test('a crashing container backs off 10 s, 20 s, 40 s', () => {
    const node = started(busybox('echo boo; exit 3'), {}, 100)
    expect(node.status()).toMatchObject({ restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } } })
    expect(node.status()?.state?.waiting?.message).toMatch(/^back-off 1m20s restarting failed container=c pod=p_default\(/)
    expect(node.status()?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' })
    expect(node.events('BackOff')[0]?.message).toMatch(/^Back-off restarting failed container c in pod p_default\(/)
    expect(node.pod()?.status?.phase).toBe('Running')
    expect(node.logs('p', 'c', true)).toEqual(['boo'])
  })

  test.each<[string, string, string, number]>([
    ['Never', 'exit 0', 'Succeeded', 0],
    ['Never', 'exit 1', 'Failed', 0],
    ['OnFailure', 'exit 0', 'Succeeded', 0],
    ['OnFailure', 'exit 1', 'Running', 2],
  ])('restartPolicy %s and %s gives %s', (restartPolicy, script, phase, restarts) => {
    const node = started(busybox(script), { restartPolicy })
    expect(node.pod()?.status?.phase).toBe(phase)
    expect(node.status()?.restartCount).toBe(restarts)
  })

  test('rules of the container itself win over the pod', () => {
    const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }]
    const again = started(
      { ...busybox('exit 42'), restartPolicy: 'Never', restartPolicyRules: rules },
      { restartPolicy: 'Never' },
    )
    expect(again.status()?.restartCount).toBeGreaterThan(0)
    const ended = started({ ...busybox('exit 1'), restartPolicy: 'Never', restartPolicyRules: rules })
    expect(ended.pod()?.status?.phase).toBe('Failed')
  })

  test('too much memory', () => {
    const node = started(
      {
        image: 'polinux/stress',
        command: ['stress'],
        args: ['--vm', '1', '--vm-bytes', '250M'],
        resources: { limits: { memory: '100Mi' } },
      },
      {},
      3,
    )
    expect(node.status()?.lastState?.terminated ?? node.status()?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
    })
  })

  test('a changed image replaces the container', () => {
    const node = started({ image: 'nginx:1.28' })
    const patch = { spec: { containers: [{ name: 'c', image: 'nginx:1.29' }] } }
    node.sim.spawn(node.client.patch(pods, 'default', 'p', patch))
    node.run(20)
    expect(node.status()).toMatchObject({ image: 'docker.io/library/nginx:1.29', restartCount: 1, ready: true })
    expect(node.events('Killing')[0]?.message).toBe('Container c definition changed, will be restarted')
  })
})

describe('images', () => {
  test('a wrong name', () => {
    const node = started({ image: 'ngnix' }, {}, 15)
    const cause =
      'rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/ngnix:latest": failed to resolve reference "docker.io/library/ngnix:latest": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed'
    expect(node.events('Failed').map((e) => e.message)).toContain(`Failed to pull image "ngnix": ${cause}`)
    expect(node.events('Failed').map((e) => e.message)).toContain('Error: ErrImagePull')
    expect(node.status()?.state?.waiting).toEqual({
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "ngnix": ErrImagePull: ${cause}`,
    })
    expect(node.log.some((line) => line.endsWith('c:ErrImagePull'))).toBe(true)
  })

  test.each([
    ['nginx:1.161', 'docker.io/library/nginx:1.161: not found'],
    ['172.16.1.226:5000/app:v1', 'dial tcp 172.16.1.226:5000: connect: connection refused'],
    ['harbor.example.com/app:v1', 'dial tcp: lookup harbor.example.com: no such host'],
    ['registry.k8s.io/nothing:v1', 'registry.k8s.io/nothing:v1: not found'],
  ])('%s is not there', (image, cause) => {
    const node = started({ image }, {}, 3)
    expect(node.events('Failed').some((e) => e.message?.endsWith(cause))).toBe(true)
  })

  test('pull policy Never, and a name that is none', () => {
    expect(started({ imagePullPolicy: 'Never' }, {}, 3).status()?.state?.waiting?.reason).toBe('ErrImageNeverPull')
    expect(started({ image: 'Nginx:::x' }, {}, 3).status()?.state?.waiting?.reason).toBe('InvalidImageName')
  })
})

describe('configuration', () => {
  test('a missing ConfigMap holds the volume back until it comes', () => {
    const mount = { volumeMounts: [{ name: 'v', mountPath: '/usr/share/nginx/html' }] }
    const node = started(mount, { volumes: [{ name: 'v', configMap: { name: 'page' } }] })
    expect(node.status()?.state?.waiting?.reason).toBe('ContainerCreating')
    expect(node.events('FailedMount')[0]?.message).toBe('MountVolume.SetUp failed for volume "v" : configmap "page" not found')
    node.create(configmaps, { metadata: { name: 'page', namespace: 'default' }, data: { 'index.html': 'hi' } })
    node.run(40)
    expect(node.status()?.ready).toBe(true)
    const container = [...node.runtime.pods()][0]?.containers[0]
    expect(container?.files.read('/usr/share/nginx/html/index.html')).toBe('hi')
  })

  test('a changed ConfigMap reaches the files within 90 seconds, the environment never', () => {
    const node = oneNode()
    const page = { metadata: { name: 'page', namespace: 'default' }, data: { 'index.html': 'one' } }
    node.create(configmaps, page)
    node.kubelet.start()
    const mount = { volumeMounts: [{ name: 'v', mountPath: '/usr/share/nginx/html' }] }
    const env = [{ name: 'PAGE', valueFrom: { configMapKeyRef: { name: 'page', key: 'index.html' } } }]
    node.create(pods, makePod({ ...mount, env }, { volumes: [{ name: 'v', configMap: { name: 'page' } }] }))
    node.run(20)
    node.sim.spawn(node.client.patch(configmaps, 'default', 'page', { data: { 'index.html': 'two' } }))
    const container = () => [...node.runtime.pods()][0]?.containers[0]
    node.run(50)
    expect(container()?.files.read('/usr/share/nginx/html/index.html')).toBe('one')
    node.run(45)
    expect(container()?.files.read('/usr/share/nginx/html/index.html')).toBe('two')
    expect(container()?.env['PAGE']).toBe('one')
    expect(node.sim.pending).toBe(0)
  })

  test('a missing key of the environment', () => {
    const node = started({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'a' } } }] })
    expect(node.status()?.state?.waiting).toEqual({ reason: 'CreateContainerConfigError', message: 'configmap "cm" not found' })
    expect(node.events('Failed')[0]?.message).toBe('Error: configmap "cm" not found')
    node.create(configmaps, { metadata: { name: 'cm', namespace: 'default' }, data: { b: '1' } })
    node.run(30)
    expect(node.status()?.state?.waiting?.message).toBe("couldn't find key a in ConfigMap default/cm")
  })

  test('the downward API and references between variables', () => {
    const node = started(
      {
        ...busybox('env | grep X; cat /info/labels'),
        env: [
          { name: 'X1', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'X2', value: 'ip=$(X1) $(NOPE)' },
          { name: 'X3', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
        ],
        resources: { limits: { memory: '64Mi' } },
        volumeMounts: [{ name: 'info', mountPath: '/info' }],
      },
      {
        restartPolicy: 'Never',
        volumes: [{ name: 'info', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.name' } }] } }],
      },
    )
    expect(node.logs()).toEqual(['X1=10.88.0.2', 'X2=ip=10.88.0.2 $(NOPE)', 'X3=64', 'p'])
  })

  test('containers share an emptyDir', () => {
    const node = oneNode()
    node.kubelet.start()
    const mount = [{ name: 'loap', mountPath: '/loap' }]
    const image = 'busybox'
    node.create(
      pods,
      makePod(
        {},
        {
          volumes: [{ name: 'loap', emptyDir: {} }],
          initContainers: [{ name: 'init', image, command: ['sh', '-c', 'echo INIT >> /loap/timing'], volumeMounts: mount }],
          containers: [
            {
              name: 'c',
              image,
              command: ['sh', '-c', 'echo START >> /loap/timing; sleep 10; cat /loap/timing; sleep 1000'],
              volumeMounts: mount,
              lifecycle: {
                postStart: { exec: { command: ['sh', '-c', 'echo POST-START >> /loap/timing'] } },
                preStop: { exec: { command: ['sh', '-c', 'echo PRE-STOP >> /loap/timing'] } },
              },
            },
          ],
        },
      ),
    )
    node.run(20)
    expect(node.logs()).toEqual(['INIT', 'START', 'POST-START'])
  })
})

describe('init containers and sidecars', () => {
  test('run in order, and the sidecar ends last', () => {
    const node = started(
      {},
      {
        initContainers: [
          { name: 'i1', image: 'busybox', command: ['sh', '-c', 'sleep 3'] },
          { name: 'side', image: 'redis', restartPolicy: 'Always' },
          { name: 'i2', image: 'busybox', command: ['true'] },
        ],
      },
    )
    const order = node.log.map((line) => line.split(' ').slice(2).join(' '))
    expect(order).toContain('Pending i1:running side:PodInitializing i2:PodInitializing c:PodInitializing')
    expect(order.at(-1)).toBe('Running i1:exit 0 Completed+ side:running+ i2:exit 0 Completed+ c:running+')
    node.sim.spawn(node.client.delete(pods, 'default', 'p'))
    node.run(35)
    const all = node.log.join('\n')
    expect(all).toContain('Succeeded i1:exit 0 Completed+ side:exit 0 Completed i2:exit 0 Completed+ c:exit 0 Completed')
  })

  test('a failing one keeps the pod from starting', () => {
    const init = { initContainers: [{ name: 'i', image: 'busybox', command: ['false'] }] }
    const node = started({}, init)
    expect(node.pod()?.status).toMatchObject({ phase: 'Pending' })
    expect(node.pod()?.status?.initContainerStatuses?.[0]?.state?.waiting?.reason).toBe('CrashLoopBackOff')
    expect(node.pod()?.status?.conditions?.find((c) => c.type === 'Initialized')?.message).toBe(
      'containers with incomplete status: [i]',
    )
    expect(started({}, { ...init, restartPolicy: 'Never' }).pod()?.status?.phase).toBe('Failed')
  })
})

describe('the node', () => {
  test('registers with its capacity and reports images when it looks', () => {
    const node = started({})
    const found = node.client.listNow(nodes, '', {}).items[0]
    expect(found?.status?.capacity).toEqual({
      cpu: '4',
      'ephemeral-storage': '100Gi',
      'hugepages-1Gi': '0',
      'hugepages-2Mi': '0',
      memory: '8Gi',
      pods: '110',
    })
    expect(found?.status?.allocatable?.['memory']).toBe('8092Mi')
    expect(found?.status?.images?.[0]?.names?.[1]).toBe('docker.io/library/nginx:latest')
    expect(found?.status?.nodeInfo?.kubeletVersion).toBe('v1.36.2')
  })

  test('loses its containers with the power and starts them again', () => {
    const node = started({}, {}, 20)
    node.kubelet.powerOff()
    node.run(60)
    expect(node.client.heartbeats.isLive('kube-node-lease/n1')).toBe(false)
    expect(node.sim.pending).toBe(0)
    node.kubelet.start()
    node.run(20)
    expect(node.status()).toMatchObject({
      restartCount: 1,
      ready: true,
      lastState: { terminated: { exitCode: 255, reason: 'Unknown' } },
    })
    expect(node.events('SandboxChanged').length).toBe(1)
  })

  test('a restarted kubelet finds its containers running and catches up', () => {
    const node = oneNode()
    node.kubelet.start()
    node.create(pods, makePod({ readinessProbe: { httpGet: { path: '/', port: 80 } } }))
    node.create(pods, makePod(busybox('sleep 25'), { restartPolicy: 'Never' }, 'job'))
    node.run(20)
    node.kubelet.stop()
    node.run(20)
    const before = node.log.length
    node.kubelet.start()
    node.run(20)
    expect(node.status()).toMatchObject({ restartCount: 0, ready: true })
    expect(node.pod('job')?.status?.phase).toBe('Succeeded')
    expect(node.log.slice(before).every((line) => line.includes(' job '))).toBe(true)
  })

  test('a pod that was removed by force is stopped all the same', () => {
    const node = started(busybox('sleep 1000'), {}, 5)
    node.sim.spawn(node.client.delete(pods, 'default', 'p', { gracePeriodSeconds: 0 }))
    node.run(5)
    expect(node.pod()).toBeUndefined()
    expect([...node.runtime.pods()]).toEqual([])
  })

  test('static pods have mirrors, which come back', () => {
    const etcd = { name: 'etcd', image: 'registry.k8s.io/etcd:3.6.6-0', command: ['etcd'] }
    const node = oneNode({
      staticPods: [{ metadata: { name: 'etcd', namespace: 'kube-system' }, spec: { hostNetwork: true, containers: [etcd] } }],
    })
    node.kubelet.start()
    node.run(20)
    const mirror = node.client.listNow(pods, '', {}).items[0]
    expect(mirror).toMatchObject({
      metadata: {
        name: 'etcd-n1',
        ownerReferences: [{ kind: 'Node', name: 'n1' }],
        annotations: { 'kubernetes.io/config.source': 'file' },
      },
      status: { phase: 'Running', podIP: '10.0.0.1' },
    })
    node.sim.spawn(node.client.delete(pods, 'kube-system', 'etcd-n1', { gracePeriodSeconds: 0 }))
    node.run(20)
    expect(node.client.listNow(pods, '', {}).items[0]).toMatchObject({ status: { phase: 'Running' } })
  })

  test('the same seed gives the same history', () => {
    const history = () => {
      const node = started(busybox('echo $RANDOM; exit 1'), {}, 100)
      return [...node.log, ...(node.logs() ?? [])].join('\n')
    }
    expect(history()).toBe(history())
  })
})
