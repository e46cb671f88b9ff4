/** What is done to the network's own parts through the API, each with the kubectl command it stands for. */
import type { ApiReply, EngineApi } from '../../../../worker/protocol.ts'
import type { ProxyMode } from '../../../../worker/network/protocol.ts'
import { objectPath, refusal, restartCall, scaleCall } from '../../../actions/requests.ts'
import type { ObjectRef } from '../../../state/selection.ts'

const SYSTEM = { namespace: 'kube-system' } as const
const PROXY: ObjectRef = {
  group: 'apps',
  version: 'v1',
  resource: 'daemonsets',
  kind: 'DaemonSet',
  name: 'kube-proxy',
  ...SYSTEM,
}
const PROXY_CONFIG: ObjectRef = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  name: 'kube-proxy',
  ...SYSTEM,
}
const DNS: ObjectRef = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', name: 'coredns', ...SYSTEM }
/** A label that no node has: a DaemonSet that asks for it runs nowhere. */
const NOWHERE = 'kubarium/nowhere'

export type ClusterAct = 'stopProxy' | 'startProxy' | 'stopDns' | 'startDns'

export const COMMANDS: { readonly [act in ClusterAct]: string } = {
  stopProxy: `kubectl -n kube-system patch daemonset kube-proxy -p '{"spec":{"template":{"spec":{"nodeSelector":{"${NOWHERE}":"true"}}}}}'`,
  startProxy: `kubectl -n kube-system patch daemonset kube-proxy -p '{"spec":{"template":{"spec":{"nodeSelector":{"${NOWHERE}":null}}}}}'`,
  stopDns: 'kubectl -n kube-system scale deployment coredns --replicas=0',
  startDns: 'kubectl -n kube-system scale deployment coredns --replicas=2',
}

/** '' when it was done, else the server's refusal. */
export async function clusterAct(api: Pick<EngineApi, 'call'>, act: ClusterAct): Promise<string> {
  switch (act) {
    case 'stopProxy':
    case 'startProxy': {
      const nodeSelector = { [NOWHERE]: act === 'stopProxy' ? 'true' : null }
      const body = { spec: { template: { spec: { nodeSelector } } } }
      const contentType = 'application/strategic-merge-patch+json'
      return wordsOf(await api.call({ method: 'PATCH', path: objectPath(PROXY), contentType, body }))
    }
    case 'stopDns':
    case 'startDns':
      return wordsOf(await api.call(scaleCall(DNS, act === 'stopDns' ? 0 : 2)))
  }
}

export function modeCommands(mode: ProxyMode): readonly string[] {
  return [
    `kubectl -n kube-system get configmap kube-proxy -o yaml | sed 's/^\\( *mode:\\).*/\\1 "${mode}"/' | kubectl replace -f -`,
    'kubectl -n kube-system rollout restart daemonset kube-proxy',
  ]
}

/** Writes the mode into kube-proxy's ConfigMap and restarts its pods. '' when it was done. */
export async function switchMode(api: Pick<EngineApi, 'call'>, mode: ProxyMode, nowMs: number): Promise<string> {
  const path = objectPath(PROXY_CONFIG)
  const found = await api.call({ method: 'GET', path })
  const refused = wordsOf(found)
  if (refused !== '') return refused
  const data = (found.body['data'] ?? {}) as { readonly [file: string]: string }
  const text = withMode(data['config.conf'] ?? '', mode)
  const put = await api.call({ method: 'PUT', path, body: { ...found.body, data: { ...data, 'config.conf': text } } })
  return wordsOf(put) || wordsOf(await api.call(restartCall(PROXY, nowMs)))
}

/** The configuration with another mode. */
export function withMode(text: string, mode: ProxyMode): string {
  const line = `mode: "${mode}"`
  return /^mode:.*$/m.test(text) ? text.replace(/^mode:.*$/m, line) : `${text.trimEnd()}\n${line}\n`
}

export const BACKENDS = ['vxlan', 'host-gw', 'udp'] as const
export type Backend = (typeof BACKENDS)[number]

const FLANNEL: ObjectRef = {
  group: 'apps',
  version: 'v1',
  resource: 'daemonsets',
  kind: 'DaemonSet',
  namespace: 'kube-flannel',
  name: 'kube-flannel-ds',
}
const FLANNEL_CONFIG: ObjectRef = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespace: 'kube-flannel',
  name: 'kube-flannel-cfg',
}

export function backendCommands(backend: Backend): readonly string[] {
  return [
    `kubectl -n kube-flannel get configmap kube-flannel-cfg -o yaml | sed 's/"Type": "[a-z-]*"/"Type": "${backend}"/' | kubectl replace -f -`,
    'kubectl -n kube-flannel rollout restart daemonset kube-flannel-ds',
  ]
}

/** Writes the backend into flannel's ConfigMap and restarts its pods. '' when it was done. */
export async function switchBackend(api: Pick<EngineApi, 'call'>, backend: Backend, nowMs: number): Promise<string> {
  const path = objectPath(FLANNEL_CONFIG)
  const found = await api.call({ method: 'GET', path })
  const refused = wordsOf(found)
  if (refused !== '') return refused
  const data = (found.body['data'] ?? {}) as { readonly [file: string]: string }
  const text = (data['net-conf.json'] ?? '').replace(/("Type"\s*:\s*)"[^"]*"/, `$1"${backend}"`)
  const put = await api.call({ method: 'PUT', path, body: { ...found.body, data: { ...data, 'net-conf.json': text } } })
  return wordsOf(put) || wordsOf(await api.call(restartCall(FLANNEL, nowMs)))
}

/** What a person would type for another plug-in. */
export function pluginCommands(to: 'flannel' | 'calico'): readonly string[] {
  return to === 'calico'
    ? ['kubectl delete -f kube-flannel.yml', 'kubectl apply -f calico.yaml']
    : ['kubectl delete -f calico.yaml', 'kubectl apply -f kube-flannel.yml']
}

function wordsOf(reply: ApiReply): string {
  return refusal(reply) ?? ''
}
