import builtIn from '../../apimachinery/generated/resources.json' with { type: 'json' }
import { customresourcedefinitions, validatingadmissionpolicies } from '../../apimachinery/generated/resources.ts'
import type { CustomResourceDefinition, ValidatingAdmissionPolicy } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { expressionWarnings, type KindFinder, type TypedKind } from '../../apiserver/cel/type-checking.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'

const WORKERS = 5

type Crd = CustomResourceDefinition

/** The kinds that are served, with their types. */
function finderOf(definitions: () => readonly Crd[]): KindFinder {
  const custom = (fits: (crd: Crd) => boolean, version: string): TypedKind | undefined => {
    const crd = definitions().find(fits)
    const schema = crd?.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema
    return crd && schema ? { group: crd.spec.group, version, kind: crd.spec.names.kind, schema } : undefined
  }
  return {
    ofResource(group, version, resource) {
      const known = builtIn.find((r) => r.group === group && r.version === version && r.plural === resource)
      return known ?? custom(({ spec }) => spec.group === group && spec.names.plural === resource, version)
    },
    ofKind(apiVersion, kind) {
      const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
      const known = builtIn.find((r) => r.group === group && r.version === version && r.kind === kind)
      return known ?? custom(({ spec }) => spec.group === group && spec.names.kind === kind, version)
    },
  }
}

/**
 * Checks the expressions of each policy against the types of what it matches, and notes what is wrong.
 * k8s 1.36: pkg/controller/validatingadmissionpolicystatus.
 */
export function validatingAdmissionPolicyStatusController(context: ControllerContext): Controller {
  const client = context.client('validatingadmissionpolicy-status-controller')
  const informer = context.informers.for(validatingadmissionpolicies)
  const definitions = context.informers.for(customresourcedefinitions)
  const finder = finderOf(() => [...definitions.list()])
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'validatingadmissionpolicy_status',
    workers: WORKERS,
    *reconcile(name) {
      const policy = informer.get('', name)
      const { generation } = policy?.metadata ?? {}
      if (!policy || policy.status?.observedGeneration === generation) return
      const warnings = expressionWarnings(policy, finder)
      const typeChecking = warnings.length > 0 ? { expressionWarnings: warnings } : {}
      yield* client.updateStatus(validatingadmissionpolicies, {
        ...policy,
        status: { ...policy.status, observedGeneration: generation, typeChecking },
      })
    },
  })
  const enqueue = (policy: ValidatingAdmissionPolicy) => loop.queue.add(keyOf(policy))
  informer.addHandler({ onAdd: enqueue, onUpdate: enqueue })
  return controllerFrom('validatingadmissionpolicy-status-controller', [loop])
}
