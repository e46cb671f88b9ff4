import type { ResourceInfo } from '../resources.ts'

/** Deprecated versions warn whoever uses them. k8s 1.36: prerelease lifecycle, deprecation.WarningMessage. */
const WARNINGS: { readonly [key: string]: string } = {
  'v1/Endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  'v1/ComponentStatus': 'v1 ComponentStatus is deprecated in v1.19+',
}

export function deprecation(info: ResourceInfo): string | undefined {
  return info.custom?.deprecation ?? WARNINGS[`${info.apiVersion}/${info.kind}`]
}
