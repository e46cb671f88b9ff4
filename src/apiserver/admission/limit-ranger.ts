import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../../apimachinery/generated/types.ts'
import { canonical, compareQuantities, isZero, milliValue, parseQuantity } from '../../apimachinery/quantity.ts'
import { podResources } from '../quota/pod-resources.ts'
import { deny } from './forbid.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'

type Resources = { readonly [name: string]: string }
const NONE: Resources = {}

function rangesOf({ scope }: AdmissionAttributes): readonly LimitRange[] {
  const { etcd } = scope.registry
  const namespace = scope.request.namespace ?? ''
  return etcd.count('limitranges') === 0 ? [] : etcd.range('limitranges', `${namespace}/`).map(({ value }) => value as LimitRange)
}

/** k8s 1.36: DefaultLimitRangerActions.SupportsAttributes. */
function concerns({ scope, operation }: AdmissionAttributes): boolean {
  const { info, request } = scope
  if (info.bucket === 'pods')
    return request.subresource === 'resize' ? operation === 'UPDATE' : !request.subresource && operation === 'CREATE'
  return info.bucket === 'persistentvolumeclaims' && !request.subresource && (operation === 'CREATE' || operation === 'UPDATE')
}

function admit(attributes: AdmissionAttributes): Pod | void {
  if (!concerns(attributes) || attributes.scope.info.bucket !== 'pods' || attributes.operation !== 'CREATE') return
  let pod = attributes.object as Pod
  for (const range of rangesOf(attributes)) pod = withDefaults(pod, range)
  return pod
}

/** Containers get the requests and limits that they leave out. k8s 1.36: mergePodResourceRequirements. */
function withDefaults(pod: Pod, range: LimitRange): Pod {
  const items = range.spec?.limits.filter((item) => item.type === 'Container') ?? []
  const limits: Resources = Object.assign({}, ...items.map((item) => item.default ?? NONE))
  const requests: Resources = Object.assign({}, ...items.map((item) => item.defaultRequest ?? NONE))
  const notes: string[] = []
  const fill = (container: Container, what: string): Container => {
    const { limits: own = NONE, requests: asked = NONE } = container.resources ?? {}
    const newRequests = Object.keys(requests).filter((name) => asked[name] === undefined)
    const newLimits = Object.keys(limits).filter((name) => own[name] === undefined)
    if (newRequests.length === 0 && newLimits.length === 0) return container
    if (newRequests.length > 0) notes.push(`${newRequests.sort().join(', ')} request for ${what} ${container.name}`)
    if (newLimits.length > 0) notes.push(`${newLimits.sort().join(', ')} limit for ${what} ${container.name}`)
    const merged = { ...container.resources, limits: { ...limits, ...own }, requests: { ...requests, ...asked } }
    return { ...container, resources: merged }
  }
  const spec = pod.spec ?? { containers: [] }
  const containers = spec.containers.map((c) => fill(c, 'container'))
  const initContainers = spec.initContainers?.map((c) => fill(c, 'init container'))
  if (notes.length === 0) return pod
  const annotation = `LimitRanger plugin set: ${notes.join('; ')}`
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, 'kubernetes.io/limit-ranger': annotation } },
    spec: { ...spec, containers, ...(initContainers ? { initContainers } : {}) },
  }
}

function validate(attributes: AdmissionAttributes): void {
  if (!concerns(attributes)) return
  for (const range of rangesOf(attributes)) {
    const errors = (range.spec?.limits ?? []).flatMap((item) => itemErrors(attributes, item))
    if (errors.length === 1) throw deny(attributes, errors[0] ?? '')
    if (errors.length > 1) throw deny(attributes, `[${errors.join(', ')}]`)
  }
}

function itemErrors({ scope, object }: AdmissionAttributes, item: LimitRangeItem): string[] {
  if (scope.info.bucket === 'persistentvolumeclaims') {
    if (item.type !== 'PersistentVolumeClaim') return []
    const requests = (object as PersistentVolumeClaim).spec?.resources?.requests ?? NONE
    return [
      ...entries(item.min).map(([name, least]) => belowMin(item.type, name, least, requests, NONE)),
      ...entries(item.max).map(([name, most]) => requestAboveMax(item.type, name, most, requests)),
    ].filter(Boolean)
  }
  const pod = object as Pod
  if (item.type === 'Pod') {
    const { requests, limits } = podResources(pod)
    return checkAll(item, requests, limits)
  }
  if (item.type !== 'Container') return []
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  return containers.flatMap(({ resources }) => checkAll(item, resources?.requests ?? NONE, resources?.limits ?? NONE))
}

const entries = (map: Resources | undefined) => Object.entries(map ?? NONE).sort(([a], [b]) => (a < b ? -1 : 1))

function checkAll(item: LimitRangeItem, requests: Resources, limits: Resources): string[] {
  return [
    ...entries(item.min).map(([name, least]) => belowMin(item.type, name, least, requests, limits)),
    ...entries(item.max).map(([name, most]) => aboveMax(item.type, name, most, requests, limits)),
    ...entries(item.maxLimitRequestRatio).map(([name, ratio]) => aboveRatio(item.type, name, ratio, requests, limits)),
  ].filter(Boolean)
}

function belowMin(type: string, name: string, least: string, requests: Resources, limits: Resources): string {
  const head = `minimum ${name} usage per ${type} is ${canonical(least)}`
  const request = requests[name]
  const limit = limits[name]
  if (request === undefined) return `${head}.  No request is specified`
  if (compareQuantities(request, least) < 0) return `${head}, but request is ${canonical(request)}`
  if (limit !== undefined && compareQuantities(limit, least) < 0) return `${head}, but limit is ${canonical(limit)}`
  return ''
}

function requestAboveMax(type: string, name: string, most: string, requests: Resources): string {
  const head = `maximum ${name} usage per ${type} is ${canonical(most)}`
  const request = requests[name]
  if (request === undefined) return `${head}.  No request is specified`
  return compareQuantities(request, most) > 0 ? `${head}, but request is ${canonical(request)}` : ''
}

function aboveMax(type: string, name: string, most: string, requests: Resources, limits: Resources): string {
  const head = `maximum ${name} usage per ${type} is ${canonical(most)}`
  const request = requests[name]
  const limit = limits[name]
  if (limit === undefined) return `${head}.  No limit is specified`
  if (compareQuantities(limit, most) > 0) return `${head}, but limit is ${canonical(limit)}`
  if (request !== undefined && compareQuantities(request, most) > 0) return `${head}, but request is ${canonical(request)}`
  return ''
}

function aboveRatio(type: string, name: string, most: string, requests: Resources, limits: Resources): string {
  const head = `${name} max limit to request ratio per ${type} is ${canonical(most)}`
  const request = requests[name]
  const limit = limits[name]
  if (request === undefined || isZero(parseQuantity(request))) return `${head}, but no request is specified or request is 0`
  if (limit === undefined || isZero(parseQuantity(limit))) return `${head}, but no limit is specified or limit is 0`
  const ratio = milliValue(limit) / milliValue(request)
  return ratio * 1000 > milliValue(most) ? `${head}, but provided ratio is ${ratio.toFixed(6)}` : ''
}

/** Default, least and most resources of a namespace's pods and claims. k8s 1.36: LimitRanger. */
export const limitRanger: AdmissionPlugin = { name: 'LimitRanger', buckets: ['pods', 'persistentvolumeclaims'], admit, validate }
