import { StatusError } from '../../apimachinery/errors.ts'
import type { APIService, APIServiceCondition } from '../../apimachinery/generated/types.ts'
import { formatTime } from '../../sim/time.ts'
import type { UserInfo } from '../api.ts'
import type { Registry } from '../rest/context.ts'

const BUCKET = 'apiservices.apiregistration.k8s.io'
const SERVER: UserInfo = { name: 'system:apiserver', groups: ['system:masters'] }
/** Milliseconds until the controller has seen a change. */
const REACTION_MS = 20

/**
 * Keeps the Available condition of APIServices. k8s 1.36: kube-aggregator available controllers.
 * SIMPLIFIED: requests are not passed on to extension API servers, so one with a Service is never available.
 */
export class ApiServiceAvailability {
  private readonly registry: Registry

  constructor(registry: Registry) {
    this.registry = registry
    const later = (key: string) => registry.sim.schedule(REACTION_MS, () => this.reconcile(key))
    registry.etcd.watch(BUCKET, ({ type, key }) => {
      if (type === 'put') later(key)
    })
    registry.etcd.watch('services', ({ type, previous, key }) => {
      if (type === 'put' && previous) return
      for (const { key: name, value } of registry.etcd.range(BUCKET)) if (serviceKey(value as APIService) === key) later(name)
    })
  }

  private reconcile(name: string): void {
    const apiService = this.registry.etcd.get(BUCKET, name)?.value as APIService | undefined
    if (!apiService) return
    const before = apiService.status?.conditions?.find((c) => c.type === 'Available')
    const wanted = this.judge(apiService)
    if (before && before.status === wanted.status && before.reason === wanted.reason) return
    const now = formatTime(this.registry.sim.now)
    const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : now
    const body = { ...apiService, status: { conditions: [{ ...wanted, lastTransitionTime }] } }
    try {
      this.registry.handle({
        verb: 'update',
        user: SERVER,
        userAgent: 'kube-apiserver',
        group: 'apiregistration.k8s.io',
        version: 'v1',
        resource: 'apiservices',
        subresource: 'status',
        name,
        body,
      })
    } catch (error) {
      // A lost race: the write that won leads here again.
      if (!(error instanceof StatusError)) throw error
    }
  }

  private judge(apiService: APIService): APIServiceCondition {
    const { service } = apiService.spec ?? {}
    if (!service) return { type: 'Available', status: 'True', reason: 'Local', message: 'Local APIServices are always available' }
    const where = `service/${service.name ?? ''} in ${JSON.stringify(service.namespace ?? '')}`
    if (!this.registry.etcd.get('services', serviceKey(apiService)))
      return { type: 'Available', status: 'False', reason: 'ServiceNotFound', message: `${where} is not present` }
    return {
      type: 'Available',
      status: 'False',
      reason: 'FailedDiscoveryCheck',
      message: `${where} is not asked in this cluster`,
    }
  }
}

const serviceKey = ({ spec }: APIService) => `${spec?.service?.namespace ?? ''}/${spec?.service?.name ?? ''}`
