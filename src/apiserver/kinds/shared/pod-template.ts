/** Rules of pod templates, and of the selectors that have to match them. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid, notSupported, required } from '../../../apimachinery/field-errors.ts'
import type { LabelSelector, PodSpec, PodTemplateSpec } from '../../../apimachinery/generated/types.ts'
import { selectorMatches } from '../../../apimachinery/selectors.ts'
import { checkLabels, checkLabelSelector, isEmptySelector, isUsableSelector, printableMap } from './labels.ts'
import { checkAnnotations } from './metadata.ts'
import { checkPodAnnotations, checkProfilesAgree } from './pod-annotations.ts'
import { checkPodSpec } from './pod-spec-validation.ts'

const NO_SPEC: PodSpec = { containers: [] }

/** k8s 1.36: ValidatePodTemplateSpec. */
export function checkPodTemplate(template: PodTemplateSpec, field: string, old?: PodTemplateSpec): FieldError[] {
  const meta = template.metadata ?? {}
  const spec = template.spec ?? NO_SPEC
  const oldSpec = old?.spec
  const errors = [
    ...checkLabels(meta.labels, `${field}.labels`),
    ...checkAnnotations(meta.annotations, `${field}.annotations`),
    ...checkPodAnnotations(meta.annotations, spec, `${field}.annotations`, old?.metadata?.annotations),
    ...checkPodSpec(spec, undefined, `${field}.spec`, { isPod: false, ...(oldSpec && { old: oldSpec }) }),
    ...checkProfilesAgree(meta.annotations, spec, `${field}.spec`),
  ]
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
  }
  return errors
}

/** The selector as errors print it: the fields in Kubernetes' order. */
export function printableSelector(selector: LabelSelector) {
  const { matchLabels, matchExpressions } = selector
  return {
    ...(matchLabels && { matchLabels: printableMap(matchLabels) }),
    ...(matchExpressions && {
      matchExpressions: matchExpressions.map(({ key, operator, values }) => ({ key, operator, ...(values && { values }) })),
    }),
  }
}

/** A workload's own selector: present, valid, and not empty. `kind` is the word in the error for an empty one. */
export function checkWorkloadSelector(
  selector: LabelSelector | undefined,
  kind: string,
  field: string,
  anyValues = false,
): FieldError[] {
  if (selector === undefined) return [required(field)]
  const errors = checkLabelSelector(selector, field, anyValues)
  if (isEmptySelector(selector)) errors.push(invalid(field, printableSelector(selector), `empty selector is invalid for ${kind}`))
  return errors
}

export function templateMatches(selector: LabelSelector | undefined, template: PodTemplateSpec | undefined): boolean {
  return selector !== undefined && isUsableSelector(selector) && selectorMatches(selector, template?.metadata?.labels ?? {})
}

/** The template's labels have to be selected. `selector` undefined selects nothing. */
export function checkTemplateLabels(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  field: string,
): FieldError[] {
  if (templateMatches(selector, template)) return []
  const labels = template?.metadata?.labels
  return [
    invalid(`${field}.metadata.labels`, labels ? printableMap(labels) : null, '`selector` does not match template `labels`'),
  ]
}

/** Pods of a workload that runs for ever restart always and have no deadline. `owner` names it in the error. */
export function checkEndless(template: PodTemplateSpec, owner: string, field: string): FieldError[] {
  const errors: FieldError[] = []
  const policy = template.spec?.restartPolicy ?? ''
  if (policy !== 'Always') errors.push(notSupported(`${field}.spec.restartPolicy`, policy, ['Always']))
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    errors.push(forbidden(`${field}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${owner} is not Supported`))
  }
  return errors
}
