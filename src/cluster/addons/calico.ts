import type { KubeObject } from '../../apimachinery/resource.ts'
import { CALICO_KINDS } from '../../network/cni/calico/resources.ts'

const VERSION = 'v3.31.0'
const CNI_CONFIG = `{
  "name": "k8s-pod-network",
  "cniVersion": "0.3.1",
  "plugins": [
    { "type": "calico", "log_level": "info", "datastore_type": "kubernetes", "nodename": "__KUBERNETES_NODE_NAME__",
      "mtu": __CNI_MTU__, "ipam": { "type": "calico-ipam" }, "policy": { "type": "k8s" } },
    { "type": "portmap", "snat": true, "capabilities": { "portMappings": true } }
  ]
}
`

/** The pod network by calico: the project's own manifest, cut to what matters here. */
export function calicoObjects(): readonly KubeObject[] {
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'calico-kube-controllers', namespace: 'kube-system' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'calico-node', namespace: 'kube-system' } },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'calico-config', namespace: 'kube-system' },
      data: { typha_service_name: 'none', calico_backend: 'bird', veth_mtu: '0', cni_network_config: CNI_CONFIG },
    },
    ...CALICO_KINDS.map(definition),
    ...roles(),
    controllersDeployment(),
    nodeDaemonSet(),
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'calico-kube-controllers', namespace: 'kube-system', labels: { 'k8s-app': 'calico-kube-controllers' } },
      spec: { maxUnavailable: 1, selector: { matchLabels: { 'k8s-app': 'calico-kube-controllers' } } },
    },
  ]
  return objects as readonly KubeObject[]
}

function definition({ resource, kind, namespaced }: (typeof CALICO_KINDS)[number]): object {
  const group = 'crd.projectcalico.org'
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${resource}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural: resource, singular: kind.toLowerCase() },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  }
}

function roles(): object[] {
  const nodeRules = [
    {
      apiGroups: [''],
      resources: ['pods', 'nodes', 'namespaces', 'services', 'configmaps', 'serviceaccounts'],
      verbs: ['get', 'list', 'watch'],
    },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['nodes/status', 'pods/status'], verbs: ['patch', 'update'] },
    { apiGroups: ['crd.projectcalico.org'], resources: ['*'], verbs: ['get', 'list', 'watch', 'create', 'update', 'delete'] },
  ]
  return ['calico-node', 'calico-kube-controllers'].flatMap((name) => [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules: nodeRules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }],
    },
  ])
}

function controllersDeployment(): object {
  const labels = { 'k8s-app': 'calico-kube-controllers' }
  const check = { exec: { command: ['/usr/bin/check-status', '-r'] }, periodSeconds: 10 }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'calico-kube-controllers', namespace: 'kube-system', labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      strategy: { type: 'Recreate' },
      template: {
        metadata: { name: 'calico-kube-controllers', namespace: 'kube-system', labels },
        spec: {
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          tolerations: [
            { key: 'CriticalAddonsOnly', operator: 'Exists' },
            { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
          ],
          serviceAccountName: 'calico-kube-controllers',
          priorityClassName: 'system-cluster-critical',
          containers: [
            {
              name: 'calico-kube-controllers',
              image: `docker.io/calico/kube-controllers:${VERSION}`,
              imagePullPolicy: 'IfNotPresent',
              env: [
                { name: 'ENABLED_CONTROLLERS', value: 'node,loadbalancer' },
                { name: 'DATASTORE_TYPE', value: 'kubernetes' },
              ],
              livenessProbe: { ...check, initialDelaySeconds: 10, failureThreshold: 6, timeoutSeconds: 10 },
              readinessProbe: check,
            },
          ],
        },
      },
    },
  }
}

const fromConfig = (name: string, key: string) => ({ name, valueFrom: { configMapKeyRef: { name: 'calico-config', key } } })
const NODE_NAME = { valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }

const NODE_ENV = [
  { name: 'DATASTORE_TYPE', value: 'kubernetes' },
  { name: 'WAIT_FOR_DATASTORE', value: 'true' },
  { name: 'NODENAME', ...NODE_NAME },
  fromConfig('CALICO_NETWORKING_BACKEND', 'calico_backend'),
  { name: 'CLUSTER_TYPE', value: 'k8s,bgp' },
  { name: 'IP', value: 'autodetect' },
  { name: 'CALICO_IPV4POOL_IPIP', value: 'Always' },
  { name: 'CALICO_IPV4POOL_VXLAN', value: 'Never' },
  fromConfig('FELIX_IPINIPMTU', 'veth_mtu'),
  { name: 'CALICO_IPV4POOL_CIDR', value: '10.244.0.0/16' },
  { name: 'CALICO_DISABLE_FILE_LOGGING', value: 'true' },
  { name: 'FELIX_DEFAULTENDPOINTTOHOSTACTION', value: 'ACCEPT' },
  { name: 'FELIX_IPV6SUPPORT', value: 'false' },
  { name: 'FELIX_HEALTHENABLED', value: 'true' },
]

function nodeDaemonSet(): object {
  const labels = { 'k8s-app': 'calico-node' }
  const probe = (...flags: string[]) => ({
    exec: { command: ['/bin/calico-node', ...flags] },
    periodSeconds: 10,
    timeoutSeconds: 10,
  })
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'calico-node', namespace: 'kube-system', labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          hostNetwork: true,
          tolerations: [
            { effect: 'NoSchedule', operator: 'Exists' },
            { key: 'CriticalAddonsOnly', operator: 'Exists' },
            { effect: 'NoExecute', operator: 'Exists' },
          ],
          serviceAccountName: 'calico-node',
          terminationGracePeriodSeconds: 0,
          priorityClassName: 'system-node-critical',
          initContainers: [
            {
              name: 'upgrade-ipam',
              image: `docker.io/calico/cni:${VERSION}`,
              imagePullPolicy: 'IfNotPresent',
              command: ['/opt/cni/bin/calico-ipam', '-upgrade'],
              env: [{ name: 'KUBERNETES_NODE_NAME', ...NODE_NAME }, fromConfig('CALICO_NETWORKING_BACKEND', 'calico_backend')],
            },
            {
              name: 'install-cni',
              image: `docker.io/calico/cni:${VERSION}`,
              imagePullPolicy: 'IfNotPresent',
              command: ['/opt/cni/bin/install'],
              env: [
                { name: 'CNI_CONF_NAME', value: '10-calico.conflist' },
                fromConfig('CNI_NETWORK_CONFIG', 'cni_network_config'),
                { name: 'KUBERNETES_NODE_NAME', ...NODE_NAME },
                fromConfig('CNI_MTU', 'veth_mtu'),
                { name: 'SLEEP', value: 'false' },
              ],
              volumeMounts: [{ mountPath: '/host/etc/cni/net.d', name: 'cni-net-dir' }],
              securityContext: { privileged: true },
            },
          ],
          containers: [
            {
              name: 'calico-node',
              image: `docker.io/calico/node:${VERSION}`,
              imagePullPolicy: 'IfNotPresent',
              env: NODE_ENV,
              securityContext: { privileged: true },
              resources: { requests: { cpu: '250m' } },
              livenessProbe: { ...probe('-felix-live', '-bird-live'), initialDelaySeconds: 10, failureThreshold: 6 },
              readinessProbe: probe('-felix-ready', '-bird-ready'),
              volumeMounts: [{ mountPath: '/var/lib/calico', name: 'var-lib-calico' }],
            },
          ],
          volumes: [
            { name: 'var-lib-calico', hostPath: { path: '/var/lib/calico', type: 'DirectoryOrCreate' } },
            { name: 'cni-net-dir', hostPath: { path: '/etc/cni/net.d' } },
          ],
        },
      },
    },
  }
}
