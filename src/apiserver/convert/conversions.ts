import type { KubeObject } from '../../apimachinery/resource.ts'
import { eventFromStorage, eventToStorage } from './event.ts'
import { autoscalerFromStorage, autoscalerToStorage } from './autoscaler.ts'

/** Between a served version and the stored one. Both directions are pure and lose nothing. */
export interface Conversion {
  readonly storage: { readonly group: string; readonly apiVersion: string }
  readonly toStorage: (object: KubeObject) => KubeObject
  readonly fromStorage: (object: KubeObject) => KubeObject
}

/** The served versions that are stored as another one, by 'group/version/resource'. */
export const CONVERSIONS: { readonly [key: string]: Conversion } = {
  'events.k8s.io/v1/events': {
    storage: { group: '', apiVersion: 'v1' },
    toStorage: eventToStorage,
    fromStorage: eventFromStorage,
  },
  'autoscaling/v1/horizontalpodautoscalers': {
    storage: { group: 'autoscaling', apiVersion: 'autoscaling/v2' },
    toStorage: autoscalerToStorage,
    fromStorage: autoscalerFromStorage,
  },
}
