import type { EndpointSlice, Service } from '../../../apimachinery/generated/types.ts'

type Spec = NonNullable<Service['spec']>

/** A Service 'default/name' of one TCP port 80, changed as given. */
export function makeService(name: string, clusterIP: string, spec: Partial<Spec> = {}, status: Service['status'] = {}): Service {
  return {
    metadata: { namespace: 'default', name },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, protocol: 'TCP' }],
      ...spec,
    },
    status,
  }
}

export interface TestEndpoint {
  readonly ip: string
  readonly node?: string
  readonly ready?: boolean
  readonly serving?: boolean
  readonly terminating?: boolean
}

/** A slice of a Service's endpoints on port 8080. */
export function makeSlice(
  service: string,
  endpoints: readonly TestEndpoint[],
  { name = `${service}-1`, protocol = 'TCP' }: { readonly name?: string; readonly protocol?: string } = {},
): EndpointSlice {
  return {
    metadata: { namespace: 'default', name, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol }],
    endpoints: endpoints.map(({ ip, node, ready = true, serving = ready, terminating = false }) => ({
      addresses: [ip],
      nodeName: node,
      conditions: { ready, serving, terminating },
    })),
  }
}
