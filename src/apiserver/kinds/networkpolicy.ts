import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden, invalid, required } from '../../apimachinery/field-errors.ts'
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../apimachinery/generated/types.ts'
import { isValidPortName } from '../../apimachinery/names.ts'
import { formatSelector } from '../../apimachinery/selectors.ts'
import { defineStrategy } from './strategy.ts'
import { checkOneOf, checkPortNumber, each, invalids } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { patch } from './shared/compact.ts'
import { checkCidr, cidrContains, cidrFamily, cidrWarnings } from './shared/ip.ts'
import { checkLabelSelector } from './shared/labels.ts'
import { generationOfSpec } from './shared/lifecycle.ts'

const specOf = (policy: NetworkPolicy): NetworkPolicySpec => policy.spec ?? {}

/** All rules of both directions: who may talk, and their path. */
function peersOf(spec: NetworkPolicySpec): readonly { readonly peer: NetworkPolicyPeer; readonly field: string }[] {
  const at = (peers: readonly NetworkPolicyPeer[] | undefined, field: string) =>
    (peers ?? []).map((peer, i) => ({ peer, field: `${field}[${i}]` }))
  return [
    ...(spec.ingress ?? []).flatMap((rule, i) => at(rule.from, `spec.ingress[${i}].from`)),
    ...(spec.egress ?? []).flatMap((rule, i) => at(rule.to, `spec.egress[${i}].to`)),
  ]
}

const withProtocol = (port: NetworkPolicyPort): NetworkPolicyPort => ({ ...port, protocol: port.protocol ?? 'TCP' })

function defaults(policy: NetworkPolicy): NetworkPolicy {
  const spec = specOf(policy)
  const both = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
  return {
    ...policy,
    spec: {
      ...spec,
      podSelector: spec.podSelector ?? {},
      ...patch(spec, 'ingress', (rules) =>
        rules.map((r) => ({ ...r, ...patch(r, 'ports', (ports) => ports.map(withProtocol)) })),
      ),
      ...patch(spec, 'egress', (rules) => rules.map((r) => ({ ...r, ...patch(r, 'ports', (ports) => ports.map(withProtocol)) }))),
      policyTypes: spec.policyTypes?.length ? spec.policyTypes : both,
    },
  }
}

function checkPort(port: NetworkPolicyPort, field: string): FieldError[] {
  const { protocol, port: first, endPort: last } = port
  const errors = protocol === undefined ? [] : checkOneOf(protocol, ['TCP', 'UDP', 'SCTP'], `${field}.protocol`)
  const path = `${field}.endPort`
  if (first === undefined) {
    return last === undefined ? errors : [...errors, invalid(path, last, 'may not be specified when `port` is not specified')]
  }
  if (typeof first === 'string') {
    if (last !== undefined) errors.push(invalid(path, last, 'may not be specified when `port` is non-numeric'))
    return [...errors, ...invalids(`${field}.port`, first, isValidPortName(first))]
  }
  errors.push(...checkPortNumber(first, `${field}.port`))
  if (last === undefined) return errors
  if (last < first) errors.push(invalid(path, first, 'must be greater than or equal to `port`'))
  return [...errors, ...checkPortNumber(last, path)]
}

function checkBlock(block: IPBlock, field: string, kept: readonly string[]): FieldError[] {
  const cidr = block.cidr ?? ''
  if (cidr === '') return [required(`${field}.cidr`)]
  const errors = checkCidr(cidr, `${field}.cidr`, kept)
  if (cidrFamily(cidr) === undefined) return errors
  const ofExcept = each(block.except, (except, i) => {
    const path = `${field}.except[${i}]`
    const own = checkCidr(except, path, kept)
    if (cidrFamily(except) === undefined) return own
    const strict = cidrContains(cidr, except) && !cidrContains(except, cidr)
    return strict ? own : [...own, invalid(path, except, 'must be a strict subset of `cidr`')]
  })
  return [...errors, ...ofExcept]
}

function checkPeer(peer: NetworkPolicyPeer, field: string, kept: readonly string[]): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer
  const errors = [
    ...checkLabelSelector(podSelector, `${field}.podSelector`),
    ...checkLabelSelector(namespaceSelector, `${field}.namespaceSelector`),
    ...(ipBlock ? checkBlock(ipBlock, `${field}.ipBlock`, kept) : []),
  ]
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(field, 'must specify a peer'))
  if (ipBlock && (podSelector || namespaceSelector))
    errors.push(forbidden(field, 'may not specify both ipBlock and another peer'))
  return errors
}

function validate(policy: NetworkPolicy, old?: NetworkPolicy): FieldError[] {
  const spec = specOf(policy)
  const kept = peersOf(old ? specOf(old) : {}).flatMap(({ peer: { ipBlock } }) =>
    ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : [],
  )
  const rules = (direction: 'ingress' | 'egress') =>
    (spec[direction] ?? []).flatMap((rule, i) => {
      const field = `spec.${direction}[${i}]`
      const peers = peersOf({ [direction]: spec[direction] }).filter((p) => p.field.startsWith(`${field}.`))
      return [
        ...each(rule.ports, (port, j) => checkPort(port, `${field}.ports[${j}]`)),
        ...peers.flatMap((p) => checkPeer(p.peer, p.field, kept)),
      ]
    })
  const types = spec.policyTypes ?? []
  const errors = [...checkLabelSelector(spec.podSelector, 'spec.podSelector'), ...rules('ingress'), ...rules('egress')]
  if (types.length > 2) return [...errors, invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')]
  return [...errors, ...types.flatMap((type, i) => checkOneOf(type, ['Ingress', 'Egress'], `spec.policyTypes[${i}]`))]
}

function warnings(policy: NetworkPolicy): string[] {
  return peersOf(specOf(policy)).flatMap(({ peer: { ipBlock }, field }) =>
    ipBlock === undefined
      ? []
      : [
          ...cidrWarnings(ipBlock.cidr, `${field}.ipBlock.cidr`),
          ...(ipBlock.except ?? []).flatMap((e, i) => cidrWarnings(e, `${field}.ipBlock.except[${i}]`)),
        ],
  )
}

/** k8s 1.36: registry/networking/networkpolicy strategy.go. */
export const networkPolicy = defineStrategy<NetworkPolicy>({
  group: 'networking.k8s.io',
  resource: 'networkpolicies',
  shortNames: ['netpol'],
  defaults,
  ...generationOfSpec,
  validate: (object) => validate(object),
  validateUpdate: validate,
  warnings,
  columns: [
    nameColumn,
    column('Pod-Selector', 'V1NetworkPolicySpec.podSelector', (p) => formatSelector(p.spec?.podSelector)),
    ageColumn,
  ],
})
