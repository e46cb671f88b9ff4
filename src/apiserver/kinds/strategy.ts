import type { FieldError } from '../../apimachinery/field-errors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { objectWithoutNulls } from './shared/compact.ts'

/** What a strategy may look at besides the object: the request and other objects in the store. */
export interface StrategyContext {
  /** Simulated time, milliseconds since the epoch. */
  readonly nowMs: number
  /** The subresource that is written ('' for the object itself). */
  readonly subresource: string
}

/** One column of the server-side Table, with the cell for an object. */
export interface TableColumnDefinition<T> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format?: string
  /** 0 always shown; 1 only with -o wide. */
  readonly priority: number
  /** A literal text, or 'Model.field' to take the published description of that field. */
  readonly description: string
  readonly cell: (object: T, nowMs: number) => string | number | boolean | null
  /** A cell that Kubernetes writes without declaring a column for it. */
  readonly undeclared?: boolean
}

export interface RowCondition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

/**
 * What a schema can't say about a kind: defaults, rules across fields, what may change, what a status write may
 * touch, printer columns, selectable fields. All functions are pure and return new objects; the input is never
 * changed. The order in a create is: decode, defaults, admission, prepareForCreate, validate, warnings, store;
 * in an update: decode, defaults, prepareForUpdate, admission, validate + validateUpdate, store
 * (k8s 1.36: apiserver registry/rest BeforeCreate, BeforeUpdate).
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  readonly group: string
  /** Plural in lower case. */
  readonly resource: string
  readonly shortNames?: readonly string[]
  /** e.g. ['all'] */
  readonly categories?: readonly string[]
  /** Fills every default that the versioned API fills (not admission's). */
  readonly defaults?: (object: T) => T
  /** Resets what a creator may not set (status), fills what the registry fills (generation 1, QoS class...). */
  readonly prepareForCreate?: (object: T, context: StrategyContext) => T
  /** Carries over what this write may not touch (status on a spec write), raises generation on a spec change. */
  readonly prepareForUpdate?: (object: T, old: T, context: StrategyContext) => T
  /** The same for a write to /status: by default everything but status and parts of metadata comes from old. */
  readonly prepareForStatusUpdate?: (object: T, old: T, context: StrategyContext) => T
  /** Rules on the object alone (beside those of metadata, which the registry checks for every kind). */
  readonly validate?: (object: T, context: StrategyContext) => readonly FieldError[]
  /** Rules on the change; `validate` is called as well only where the strategy does so itself. */
  readonly validateUpdate?: (object: T, old: T, context: StrategyContext) => readonly FieldError[]
  readonly validateStatusUpdate?: (object: T, old: T, context: StrategyContext) => readonly FieldError[]
  /** Texts for the Warning header. */
  readonly warnings?: (object: T, old: T | undefined) => readonly string[]
  /** How metadata.name is checked; default DNS subdomain. */
  readonly validateName?: (name: string, prefix: boolean) => readonly string[]
  /** False: a PUT to a missing name is 404 (the default). True: it creates (k8s AllowCreateOnUpdate). */
  readonly allowCreateOnUpdate?: boolean
  /** False: an update must carry resourceVersion (k8s AllowUnconditionalUpdate false). Default true. */
  readonly allowUnconditionalUpdate?: boolean
  /** Grace period of a delete in seconds, or null when the kind is deleted at once. */
  readonly gracePeriodSeconds?: (object: T, requested: number | undefined) => number | null
  /** Selectable fields beside metadata.name and metadata.namespace. */
  readonly fields?: { readonly [path: string]: (object: T) => string }
  readonly columns?: readonly TableColumnDefinition<T>[]
  /** Conditions of a Table row: 'Completed' for pods that have ended. */
  readonly rowConditions?: (object: T) => readonly RowCondition[]
  /** Default propagation of DELETE when the request names none; 'background' unless given. */
  readonly defaultPropagation?: 'orphan' | 'background'
  /** Where the scale subresource finds its numbers. */
  readonly scale?: {
    readonly get: (object: T) => { readonly specReplicas: number; readonly statusReplicas: number; readonly selector: string }
    readonly set: (object: T, replicas: number) => T
  }
}

/**
 * Forgets the type of the objects: the registry holds strategies of all kinds in one list. The rules see no nulls,
 * which stand in an object for required fields that nobody has set.
 */
export function defineStrategy<T extends KubeObject>(strategy: Strategy<T>): Strategy {
  const { validate, validateUpdate, validateStatusUpdate, warnings } = strategy
  return {
    ...strategy,
    ...(validate && { validate: (object: T, context: StrategyContext) => validate(objectWithoutNulls(object), context) }),
    ...(validateUpdate && { validateUpdate: onPairs(validateUpdate) }),
    ...(validateStatusUpdate && { validateStatusUpdate: onPairs(validateStatusUpdate) }),
    ...(warnings && {
      warnings: (object: T, old: T | undefined) => warnings(objectWithoutNulls(object), old && objectWithoutNulls(old)),
    }),
  } as unknown as Strategy
}

type PairRule<T> = (object: T, old: T, context: StrategyContext) => readonly FieldError[]

function onPairs<T extends object>(rule: PairRule<T>): PairRule<T> {
  return (object, old, context) => rule(objectWithoutNulls(object), objectWithoutNulls(old), context)
}
