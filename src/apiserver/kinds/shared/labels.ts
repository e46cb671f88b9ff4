/** Labels, label selectors, and how selectors are printed. Source: k8s 1.36 apimachinery meta/v1/validation. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid, required } from '../../../apimachinery/field-errors.ts'
import type { LabelSelector, LabelSelectorRequirement } from '../../../apimachinery/generated/types.ts'
import { isValidLabelValue, isQualifiedName } from '../../../apimachinery/names.ts'
import * as selectors from '../../../apimachinery/selectors.ts'
import type { StringMap } from './checks.ts'
import { each, invalids } from './checks.ts'

export const checkLabelName = (name: string, field: string) => invalids(field, name, isQualifiedName(name))

export function checkLabels(labels: StringMap | undefined, field: string): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...checkLabelName(key, field),
    ...invalids(field, value, isValidLabelValue(value)),
  ])
}

function checkRequirement(requirement: LabelSelectorRequirement, field: string, allowInvalidValues: boolean): FieldError[] {
  const errors: FieldError[] = []
  const values = requirement.values ?? []
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.push(forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      }
      break
    default:
      errors.push(invalid(`${field}.operator`, requirement.operator ?? '', 'not a valid selector operator'))
  }
  errors.push(...checkLabelName(requirement.key ?? '', `${field}.key`))
  if (allowInvalidValues) return errors
  return [...errors, ...values.flatMap((value, i) => invalids(`${field}.values[${i}]`, value, isValidLabelValue(value)))]
}

export function checkLabelSelector(selector: LabelSelector | undefined, field: string, allowInvalidValues = false): FieldError[] {
  if (selector === undefined) return []
  return [
    ...checkLabels(selector.matchLabels, `${field}.matchLabels`),
    ...each(selector.matchExpressions, (r, i) => checkRequirement(r, `${field}.matchExpressions[${i}]`, allowInvalidValues)),
  ]
}

/** True when one of the selector's values is no label value: what older objects may contain. */
export function hasInvalidSelectorValue(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).some((e) => (e.values ?? []).some((v) => isValidLabelValue(v).length > 0))
}

/** False for a selector that can't be turned into one that matches. */
export function isUsableSelector(selector: LabelSelector): boolean {
  try {
    selectors.requirementsOf(selector)
    return true
  } catch (error) {
    if (error instanceof selectors.SelectorError) return false
    throw error
  }
}

export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions ?? []).length === 0
}

/** The map with its keys in order, as error messages print maps. */
export function printableMap(map: StringMap): StringMap {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Labels as columns show them: 'a=b,c=d', or '<none>'. */
export function formatLabels(labels: StringMap | undefined): string {
  return selectors.formatLabels(labels) || '<none>'
}

/** The text of a selector as the scale subresource and columns give it: '' for one that matches everything. */
export function selectorText(selector: LabelSelector | undefined): string {
  return selector === undefined || !isUsableSelector(selector)
    ? ''
    : selectors.formatRequirements(selectors.requirementsOf(selector))
}
