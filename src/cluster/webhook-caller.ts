import type { EndpointSlice, Service } from '../apimachinery/generated/types.ts'
import type { JsonObject } from '../apimachinery/resource.ts'
import type { WebhookAddress, WebhookCaller, WebhookReply } from '../apiserver/admission/webhook-caller.ts'
import type { Etcd } from '../etcd/etcd.ts'
import type { HostFinder } from './container-backend.ts'

/** An address and port of a pod. */
interface Backend {
  readonly ip: string
  readonly port: number
}

/** The way from the API server to webhooks in pods: Service, ready endpoint, port, the program that listens there. */
export function webhookCaller(etcd: Etcd, hosts: HostFinder): WebhookCaller {
  return {
    post(address: WebhookAddress, body: JsonObject, timeoutMs: number): WebhookReply {
      const place = address.service ? ofService(etcd, address.service) : ofUrl(etcd, address.url ?? '')
      if ('failure' in place) return place
      const reply = send(hosts, place, body, timeoutMs)
      // SIMPLIFIED: certificates are not checked; without a CA bundle none is trusted.
      if ('body' in reply && !address.hasCaBundle)
        return { failure: 'tls: failed to verify certificate: x509: certificate signed by unknown authority' }
      return reply
    },
  }
}

type Place = (Backend & { readonly dialled: string; readonly path: string }) | { readonly failure: string }

/** k8s 1.36: util/proxy ResolveCluster, then what kube-proxy does with the cluster address. */
function ofService(etcd: Etcd, { namespace, name, port, path }: NonNullable<WebhookAddress['service']>): Place {
  const service = etcd.get('services', `${namespace}/${name}`)?.value as Service | undefined
  if (!service) return { failure: `service ${JSON.stringify(name)} not found` }
  const servicePort = service.spec?.ports?.find((p) => p.port === port)
  if (!servicePort) return { failure: `no service port ${port} found for service ${JSON.stringify(name)}` }
  const dialled = `${service.spec?.clusterIP ?? ''}:${port}`
  const backend = readyBackend(etcd, namespace, name, servicePort.name ?? '')
  return backend ? { ...backend, dialled, path: path || '/' } : refused(dialled)
}

const refused = (dialled: string) => ({ failure: `dial tcp ${dialled}: connect: connection refused` })

function readyBackend(etcd: Etcd, namespace: string, name: string, portName: string): Backend | undefined {
  for (const { value } of etcd.range('endpointslices.discovery.k8s.io', `${namespace}/`)) {
    const slice = value as EndpointSlice
    if (slice.metadata?.labels?.['kubernetes.io/service-name'] !== name) continue
    const port = slice.ports?.find((p) => (p.name ?? '') === portName)?.port
    const ip = slice.endpoints?.find(({ conditions }) => conditions?.ready !== false)?.addresses[0]
    if (port !== undefined && ip !== undefined) return { ip, port }
  }
  return undefined
}

/** Addresses of pods and names of Services are known; the rest of the world is not there. */
function ofUrl(etcd: Etcd, url: string): Place {
  const [, host = '', port = '443', path = ''] = /^https:\/\/([^/:]+)(?::(\d+))?(.*)$/.exec(url) ?? []
  if (/^[\d.]+$/.test(host)) return { ip: host, port: Number(port), dialled: `${host}:${port}`, path: path || '/' }
  const [, name = '', namespace = ''] = /^([^.]+)\.([^.]+)\.svc(?:\.cluster\.local)?$/.exec(host) ?? []
  if (name !== '') return ofService(etcd, { namespace, name, port: Number(port), path })
  return { failure: `dial tcp: lookup ${host} on 10.96.0.10:53: no such host` }
}

function send(
  hosts: HostFinder,
  place: Backend & { dialled: string; path: string },
  body: JsonObject,
  timeoutMs: number,
): WebhookReply {
  const found = hosts.byPodAddress(place.ip)
  if (!found?.host.powered) return { failure: 'context deadline exceeded' }
  const service = found.host.runtime?.portService(found.podUid, place.port)
  if (!service) return refused(place.dialled)
  const why = hosts.dial(place.ip, place.port)
  if (why !== undefined)
    return { failure: why === 'i/o timeout' ? 'context deadline exceeded' : `dial tcp ${place.dialled}: ${why}` }
  if (service.protocol === 'http') return { failure: 'http: server gave HTTP response to HTTPS client' }
  const headers = { 'content-type': 'application/json' }
  const request = { method: 'POST', path: place.path, headers, body: JSON.stringify(body) }
  const answer = service.http?.(request, { address: found.host.spec.address, port: 0 })
  // SIMPLIFIED: a program that answers only after waiting for something is not waited for.
  if (!answer || (answer.delayMs ?? 1) >= timeoutMs) return { failure: 'context deadline exceeded' }
  return read(answer.status, answer.body)
}

function read(status: number, text: string): WebhookReply {
  if (status < 200 || status > 206)
    return {
      failure:
        status === 404
          ? 'the server could not find the requested resource'
          : 'an error on the server ("unknown") has prevented the request from succeeding',
    }
  try {
    return { body: JSON.parse(text) as unknown }
  } catch (error) {
    if (error instanceof SyntaxError) return { failure: `couldn't get version/kind; json parse error: ${error.message}` }
    throw error
  }
}
