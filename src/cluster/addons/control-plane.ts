import type { Container, Pod, Volume } from '../../apimachinery/generated/types.ts'

export const KUBERNETES_VERSION = 'v1.36.2'
const ETCD_IMAGE = 'registry.k8s.io/etcd:3.6.6-0'

interface StaticPod {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly cpu: string
  readonly memory?: string
  readonly port: number
  readonly scheme: 'HTTP' | 'HTTPS'
  readonly livePath: string
  readonly readyPath?: string
  /** Host folders: name -> path. */
  readonly folders: { readonly [name: string]: string }
}

/** The static pods that kubeadm writes to /etc/kubernetes/manifests. Source: k8s 1.36 kubeadm phases/controlplane, phases/etcd. */
export function controlPlanePods(nodeIP: string): Pod[] {
  return components(nodeIP).map(podOf)
}

/** What kubeadm has pulled before it starts the control plane. */
export function controlPlaneImages(): readonly string[] {
  return [...NODE_IMAGES, ...components('').map((part) => part.image)]
}

/** On every machine's disk from the start: the sandbox image. */
export const NODE_IMAGES: readonly string[] = ['registry.k8s.io/pause:3.10.1']

function components(nodeIP: string): StaticPod[] {
  const pki = '/etc/kubernetes/pki'
  return [
    {
      name: 'etcd',
      image: ETCD_IMAGE,
      cpu: '100m',
      memory: '100Mi',
      port: 2381,
      scheme: 'HTTP',
      livePath: '/livez',
      readyPath: '/readyz',
      folders: { 'etcd-data': '/var/lib/etcd', 'etcd-certs': `${pki}/etcd` },
      command: [
        'etcd',
        `--advertise-client-urls=https://${nodeIP}:2379`,
        `--cert-file=${pki}/etcd/server.crt`,
        '--client-cert-auth=true',
        '--data-dir=/var/lib/etcd',
        `--key-file=${pki}/etcd/server.key`,
        `--listen-client-urls=https://127.0.0.1:2379,https://${nodeIP}:2379`,
        '--listen-metrics-urls=http://127.0.0.1:2381',
        `--listen-peer-urls=https://${nodeIP}:2380`,
        '--name=control-plane',
        `--trusted-ca-file=${pki}/etcd/ca.crt`,
      ],
    },
    {
      name: 'kube-apiserver',
      image: `registry.k8s.io/kube-apiserver:${KUBERNETES_VERSION}`,
      cpu: '250m',
      port: 6443,
      scheme: 'HTTPS',
      livePath: '/livez',
      readyPath: '/readyz',
      folders: { 'ca-certs': '/etc/ssl/certs', 'k8s-certs': pki },
      command: [
        'kube-apiserver',
        `--advertise-address=${nodeIP}`,
        '--allow-privileged=true',
        '--authorization-mode=Node,RBAC',
        `--client-ca-file=${pki}/ca.crt`,
        '--enable-admission-plugins=NodeRestriction',
        '--enable-bootstrap-token-auth=true',
        '--etcd-servers=https://127.0.0.1:2379',
        '--secure-port=6443',
        `--service-account-key-file=${pki}/sa.pub`,
        '--service-cluster-ip-range=10.96.0.0/12',
      ],
    },
    {
      name: 'kube-controller-manager',
      image: `registry.k8s.io/kube-controller-manager:${KUBERNETES_VERSION}`,
      cpu: '200m',
      port: 10257,
      scheme: 'HTTPS',
      livePath: '/healthz',
      folders: { 'ca-certs': '/etc/ssl/certs', 'k8s-certs': pki, kubeconfig: '/etc/kubernetes/controller-manager.conf' },
      command: [
        'kube-controller-manager',
        '--allocate-node-cidrs=true',
        '--bind-address=127.0.0.1',
        '--cluster-cidr=10.244.0.0/16',
        '--controllers=*,bootstrapsigner,tokencleaner',
        '--kubeconfig=/etc/kubernetes/controller-manager.conf',
        '--leader-elect=true',
        '--service-cluster-ip-range=10.96.0.0/12',
        '--use-service-account-credentials=true',
      ],
    },
    {
      name: 'kube-scheduler',
      image: `registry.k8s.io/kube-scheduler:${KUBERNETES_VERSION}`,
      cpu: '100m',
      port: 10259,
      scheme: 'HTTPS',
      livePath: '/livez',
      readyPath: '/readyz',
      folders: { kubeconfig: '/etc/kubernetes/scheduler.conf' },
      command: [
        'kube-scheduler',
        '--bind-address=127.0.0.1',
        '--kubeconfig=/etc/kubernetes/scheduler.conf',
        '--leader-elect=true',
      ],
    },
  ]
}

function podOf(part: StaticPod): Pod {
  const probe = (path: string, timing: object) => ({
    httpGet: { host: '127.0.0.1', path, port: part.port, scheme: part.scheme },
    timeoutSeconds: 15,
    ...timing,
  })
  const container: Container = {
    name: part.name,
    image: part.image,
    imagePullPolicy: 'IfNotPresent',
    command: part.command,
    resources: { requests: { cpu: part.cpu, ...(part.memory ? { memory: part.memory } : {}) } },
    livenessProbe: probe(part.livePath, { failureThreshold: 8, initialDelaySeconds: 10, periodSeconds: 10 }),
    startupProbe: probe(part.readyPath ?? part.livePath, { failureThreshold: 24, initialDelaySeconds: 10, periodSeconds: 10 }),
    ...(part.readyPath ? { readinessProbe: probe(part.readyPath, { failureThreshold: 3, periodSeconds: 1 }) } : {}),
    volumeMounts: Object.entries(part.folders).map(([name, mountPath]) => ({
      name,
      mountPath,
      ...(name === 'etcd-data' ? {} : { readOnly: true }),
    })),
  }
  const volumes: Volume[] = Object.entries(part.folders).map(([name, path]) => ({
    name,
    hostPath: { path, type: path.endsWith('.conf') ? 'FileOrCreate' : 'DirectoryOrCreate' },
  }))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: part.name, namespace: 'kube-system', labels: { component: part.name, tier: 'control-plane' } },
    spec: {
      containers: [container],
      hostNetwork: true,
      priority: 2_000_001_000,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      volumes,
    },
  }
}
