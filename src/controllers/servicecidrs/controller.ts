import { ipaddresses, servicecidrs } from '../../apimachinery/generated/resources.ts'
import type { IPAddress, ServiceCIDR } from '../../apimachinery/generated/types.ts'
import { ControllerLoop } from '../../client/controller.ts'
import { formatTime, parseTime } from '../../sim/time.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'

const FINALIZER = 'networking.k8s.io/service-cidr-finalizer'
const READY = 'Ready'
/** Until allocators have heard that a range is going. k8s 1.36: servicecidrs deletionGracePeriod. */
const GRACE_MS = 10_000

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

/** Whether an address lies in a range. SIMPLIFIED: IPv4 only. */
export function isInRange(address: string, cidr: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  return !address.includes(':') && Math.floor(numberOf(address) / size) === Math.floor(numberOf(base) / size)
}

/** Whether one range lies within another. */
const covers = (outer: string, inner: string) =>
  Number(outer.split('/')[1]) <= Number(inner.split('/')[1]) && isInRange(inner.split('/')[0] ?? '', outer)

/** Holds ranges of Service addresses while addresses of theirs are taken. k8s 1.36: pkg/controller/servicecidrs. */
export function serviceCidrController(context: ControllerContext): Controller {
  const { sim } = context
  const client = context.client('service-cidrs-controller')
  const ranges = context.informers.for(servicecidrs)
  const addresses = context.informers.for(ipaddresses)
  /** Addresses that only this range holds. */
  const orphansOf = (range: ServiceCIDR) => {
    const others = [...ranges.list()].filter(
      ({ metadata }) => metadata.name !== range.metadata.name && metadata.deletionTimestamp === undefined,
    )
    const own = (range.spec?.cidrs ?? []).filter(
      (cidr) => !others.some(({ spec }) => spec?.cidrs?.some((outer) => covers(outer, cidr))),
    )
    return [...addresses.list()].filter(({ metadata }) => {
      const address = metadata.name ?? ''
      return (
        own.some((cidr) => isInRange(address, cidr)) &&
        !others.some(({ spec }) => spec?.cidrs?.some((cidr) => isInRange(address, cidr)))
      )
    })
  }
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'service_cidr',
    workers: 5,
    *reconcile(name) {
      const range = ranges.get('', name)
      if (!range) return
      const { finalizers = [], deletionTimestamp, uid } = range.metadata
      const ready = (status: string, reason: string, message: string) => ({
        type: READY,
        status,
        reason,
        message,
        lastTransitionTime: formatTime(sim.now),
      })
      const has = range.status?.conditions?.find(({ type }) => type === READY)
      const write = (condition: ReturnType<typeof ready>) =>
        client.patch(servicecidrs, '', name, { metadata: { uid }, status: { conditions: [condition] } }, 'merge', STATUS)
      if (deletionTimestamp === undefined) {
        if (!finalizers.includes(FINALIZER))
          yield* client.patch(servicecidrs, '', name, { metadata: { uid, finalizers: [...finalizers, FINALIZER] } }, 'merge')
        if (has?.status !== 'True') yield* write(ready('True', '', 'Kubernetes Service CIDR is ready'))
        return
      }
      if (!finalizers.includes(FINALIZER)) return
      if (orphansOf(range).length > 0) {
        const text = 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR'
        if (has?.status !== 'False' || has.message !== text) yield* write(ready('False', 'Terminating', text))
        return
      }
      const waitedMs = sim.now - parseTime(deletionTimestamp)
      if (waitedMs < GRACE_MS) return loop.queue.addAfter(name, GRACE_MS - waitedMs)
      const left = finalizers.filter((finalizer) => finalizer !== FINALIZER)
      yield* client.patch(servicecidrs, '', name, { metadata: { uid, finalizers: left.length > 0 ? left : null } }, 'merge')
    },
  })
  const wake = ({ metadata }: ServiceCIDR) => loop.queue.add(metadata.name ?? '')
  const wakeDying = (_address: IPAddress) => {
    for (const range of ranges.list()) if (range.metadata.deletionTimestamp !== undefined) wake(range)
  }
  ranges.addHandler({ onAdd: wake, onUpdate: wake, onDelete: () => [...ranges.list()].forEach(wake) })
  addresses.addHandler({ onDelete: wakeDying })
  return controllerFrom('service-cidr-controller', [loop])
}

const STATUS = { subresource: 'status' }
