import { DEBIAN, layered, tagged, type Image } from '../image.ts'
import { fixed, MiB, server, tcp, udp, type ServerSpec } from './server.ts'
import type { PortService } from '../program.ts'

const RELEASE = tagged(/^v1\.(2\d|3[0-6])\.\d{1,2}$/)
const mirrors = (name: string) => [
  `k8s.gcr.io/${name}`,
  `registry.aliyuncs.com/google_containers/${name}`,
  `registry.cn-hangzhou.aliyuncs.com/google_containers/${name}`,
]

interface Component {
  readonly repository: string
  readonly aliases?: readonly string[]
  readonly tags: Image['tags']
  readonly megabytes: number
  readonly command: string
  readonly args?: readonly string[]
  readonly spec: ServerSpec
  readonly hasShell?: boolean
}

/** Programs of the cluster itself: what they do is simulated elsewhere, here they start, answer probes and end. */
function component(c: Component): Image {
  const name = c.command.split('/').at(-1) ?? ''
  return {
    repository: c.repository,
    aliases: c.aliases ?? [],
    tags: c.tags,
    layers: (tag) => layered(c.hasShell ? DEBIAN : { id: 'distroless-static', megabytes: 0.8 }, name, c.megabytes)(tag),
    entrypoint: c.args ? [c.command] : [],
    cmd: c.args ?? [c.command],
    tools: c.hasShell ? 'debian' : 'none',
    programs: { [name]: server(c.spec) },
  }
}

const ok = fixed('ok')
const secure: PortService = { protocol: 'https', http: () => ({ status: 200, body: 'ok' }) }
const at =
  (...list: readonly [number, PortService][]) =>
  () =>
    list.map(([port, service]) => ({ port, service }))

export const componentImages: readonly Image[] = [
  component({
    repository: 'registry.k8s.io/kube-apiserver',
    aliases: mirrors('kube-apiserver'),
    tags: RELEASE,
    megabytes: 26,
    command: 'kube-apiserver',
    spec: { startMs: 1500, memoryBytes: 260 * MiB, cpuMilli: 45, ports: at([6443, secure]) },
  }),
  component({
    repository: 'registry.k8s.io/kube-controller-manager',
    aliases: mirrors('kube-controller-manager'),
    tags: RELEASE,
    megabytes: 21.5,
    command: 'kube-controller-manager',
    spec: { startMs: 700, memoryBytes: 55 * MiB, cpuMilli: 15, ports: at([10257, secure]) },
  }),
  component({
    repository: 'registry.k8s.io/kube-scheduler',
    aliases: mirrors('kube-scheduler'),
    tags: RELEASE,
    megabytes: 16.4,
    command: 'kube-scheduler',
    spec: { startMs: 600, memoryBytes: 25 * MiB, cpuMilli: 5, ports: at([10259, secure]) },
  }),
  component({
    repository: 'registry.k8s.io/kube-proxy',
    aliases: mirrors('kube-proxy'),
    tags: RELEASE,
    megabytes: 25,
    command: '/usr/local/bin/kube-proxy',
    hasShell: true,
    spec: {
      startMs: 300,
      memoryBytes: 18 * MiB,
      ports: at([10256, ok], [10249, ok]),
      started: () => ['"Successfully retrieved NodeIPs"', '"Using iptables Proxier"'],
    },
  }),
  component({
    repository: 'registry.k8s.io/etcd',
    aliases: [...mirrors('etcd'), 'quay.io/coreos/etcd'],
    tags: tagged(/^v?3\.\d\.\d{1,2}(-\d)?$/),
    megabytes: 22,
    command: 'etcd',
    spec: {
      startMs: 900,
      memoryBytes: 45 * MiB,
      cpuMilli: 20,
      ports: at([2379, tcp], [2380, tcp], [2381, fixed('{"health":"true","reason":""}')]),
    },
  }),
  component({
    repository: 'registry.k8s.io/coredns/coredns',
    aliases: ['docker.io/coredns/coredns', 'k8s.gcr.io/coredns/coredns', ...mirrors('coredns')],
    tags: tagged('latest', /^v?1\.\d{1,2}\.\d{1,2}$/),
    megabytes: 21.8,
    command: '/coredns',
    args: [],
    spec: {
      startMs: 300,
      memoryBytes: 15 * MiB,
      ports: at([53, udp], [8080, ok], [8181, fixed('OK')], [9153, ok]),
      started: () => [
        '.:53',
        '[INFO] plugin/reload: Running configuration SHA512 = 591cf328',
        'CoreDNS-1.12.4',
        'linux/amd64, go1.24.5',
      ],
      stopping: [
        '[INFO] SIGTERM: Shutting down servers then terminating',
        '[INFO] plugin/health: Going into lameduck mode for 5s',
      ],
      stopMs: 5000,
    },
  }),
  component({
    repository: 'ghcr.io/flannel-io/flannel',
    aliases: ['docker.io/flannel/flannel', 'docker.io/rancher/mirrored-flannelcni-flannel', 'quay.io/coreos/flannel'],
    tags: tagged(/^v0\.\d{1,2}\.\d{1,2}(-amd64)?$/),
    megabytes: 32,
    command: '/opt/bin/flanneld',
    hasShell: true,
    spec: {
      startMs: 400,
      memoryBytes: 14 * MiB,
      logsToError: true,
      ports: at(),
      started: () => ['I0101 main.go:507] Running backend.', 'I0101 vxlan_network.go:100] starting vxlan device watcher'],
    },
  }),
  component({
    repository: 'ghcr.io/flannel-io/flannel-cni-plugin',
    aliases: ['docker.io/flannel/flannel-cni-plugin', 'docker.io/rancher/mirrored-flannelcni-flannel-cni-plugin'],
    tags: tagged(/^v1\.\d{1,2}\.\d{1,2}(-flannel\d)?$/),
    megabytes: 4.8,
    command: 'flannel-cni-plugin',
    hasShell: true,
    spec: { startMs: 10, memoryBytes: MiB, ports: at() },
  }),
  component({
    repository: 'quay.io/metallb/controller',
    tags: tagged(/^v0\.1\d\.\d{1,2}$/),
    megabytes: 27,
    command: '/controller',
    args: [],
    spec: { startMs: 800, memoryBytes: 30 * MiB, ports: at([7472, ok]) },
  }),
  component({
    repository: 'quay.io/metallb/speaker',
    tags: tagged(/^v0\.1\d\.\d{1,2}$/),
    megabytes: 48,
    command: '/speaker',
    args: [],
    spec: { startMs: 800, memoryBytes: 25 * MiB, ports: at([7472, ok]) },
  }),
  component({
    repository: 'registry.k8s.io/networking/kube-network-policies',
    tags: tagged(/^v\d\.\d{1,2}\.\d{1,2}$/),
    megabytes: 29,
    command: '/bin/netpol',
    spec: {
      startMs: 400,
      memoryBytes: 20 * MiB,
      logsToError: true,
      ports: at([9080, ok]),
      started: () => ['I0101 controller.go:312] "Starting controller" name="kube-network-policies"'],
    },
  }),
  component({
    repository: 'registry.k8s.io/metrics-server/metrics-server',
    aliases: ['k8s.gcr.io/metrics-server/metrics-server', ...mirrors('metrics-server')],
    tags: tagged(/^v0\.\d\.\d{1,2}$/),
    megabytes: 19.5,
    command: '/metrics-server',
    args: [],
    spec: {
      startMs: 1500,
      memoryBytes: 22 * MiB,
      ports: at([10250, secure], [4443, secure]),
      started: () => ['Serving securely on [::]:10250'],
    },
  }),
  component({
    repository: 'registry.k8s.io/ingress-nginx/controller',
    aliases: [
      'k8s.gcr.io/ingress-nginx/controller',
      'quay.io/kubernetes-ingress-controller/nginx-ingress-controller',
      ...mirrors('nginx-ingress-controller'),
    ],
    tags: tagged(/^v?(0|1)\.\d{1,2}\.\d{1,2}(-.*)?$/),
    megabytes: 110,
    command: '/nginx-ingress-controller',
    hasShell: true,
    spec: {
      startMs: 1500,
      memoryBytes: 90 * MiB,
      logsToError: true,
      ports: at(
        [80, fixed('<h1>404 Not Found</h1>\n', 404)],
        [443, { protocol: 'https', http: () => ({ status: 404, body: '' }) }],
        [8443, secure],
        [10254, ok],
      ),
      stopMs: 1000,
    },
  }),
  component({
    repository: 'registry.k8s.io/ingress-nginx/kube-webhook-certgen',
    tags: tagged(/^v\d.*$/),
    megabytes: 25,
    command: '/kube-webhook-certgen',
    args: [],
    spec: {
      startMs: 10,
      memoryBytes: 8 * MiB,
      ports: at(),
      refuses: () => ({ lines: ['{"level":"info","msg":"saved"}'], code: 0, afterMs: 500 }),
    },
  }),
  component({
    repository: 'docker.io/rancher/local-path-provisioner',
    tags: tagged('latest', /^v0\.0\.\d+$/),
    megabytes: 18,
    command: 'local-path-provisioner',
    hasShell: true,
    spec: { startMs: 300, memoryBytes: 10 * MiB, ports: at() },
  }),
]
