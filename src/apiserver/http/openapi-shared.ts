/** What OpenAPI documents hold beside resources and their models. Source: k8s 1.36 published OpenAPI (version 2). */
import type { JsonObject } from '../../apimachinery/resource.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

/** Models of meta that no resource refers to. */
export const META_ROOTS: readonly string[] = [
  'V1APIGroup',
  'V1APIGroupList',
  'V1APIResource',
  'V1APIResourceList',
  'V1APIVersions',
  'V1GroupVersionForDiscovery',
  'V1ServerAddressByClientCIDR',
]

const VERSION_FIELDS = [
  ...['buildDate', 'compiler', 'emulationMajor', 'emulationMinor', 'gitCommit', 'gitTreeState', 'gitVersion', 'goVersion'],
  ...['major', 'minCompatibilityMajor', 'minCompatibilityMinor', 'minor', 'platform'],
]

/** Schemas that say what is free in its form, and those of answers that are no objects. */
export const FREE_SCHEMAS: JsonObject = {
  [`${EXTENSIONS}.CustomResourceSubresourceStatus`]: {
    description: 'CustomResourceSubresourceStatus defines how to serve the status subresource for CustomResources.',
    type: 'object',
  },
  [`${EXTENSIONS}.JSON`]: { description: 'JSON represents any valid JSON value.' },
  [`${EXTENSIONS}.JSONSchemaPropsOrArray`]: {
    description:
      'JSONSchemaPropsOrArray represents a value that can either be a JSONSchemaProps or an array of JSONSchemaProps. Mainly here for serialization purposes.',
  },
  [`${EXTENSIONS}.JSONSchemaPropsOrBool`]: {
    description:
      'JSONSchemaPropsOrBool represents JSONSchemaProps or a boolean value. Defaults to true for the boolean property.',
  },
  [`${EXTENSIONS}.JSONSchemaPropsOrStringArray`]: {
    description: 'JSONSchemaPropsOrStringArray represents a JSONSchemaProps or a string array.',
  },
  [`${META}.FieldsV1`]: {
    description: 'FieldsV1 stores a set of fields in a data structure like a Trie, in JSON format.',
    type: 'object',
  },
  [`${META}.Patch`]: {
    description: 'Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.',
    type: 'object',
  },
  [`${META}.WatchEvent`]: {
    description: 'Event represents a single event to a watched resource.',
    type: 'object',
    required: ['type', 'object'],
    properties: { object: { type: 'object' }, type: { type: 'string' } },
  },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': {
    description: 'RawExtension is used to hold extensions in external versions.',
    type: 'object',
  },
  'io.k8s.apimachinery.pkg.version.Info': {
    description: "Info contains versioning information. how we'll want to distribute that information.",
    type: 'object',
    required: ['major', 'minor', 'gitVersion', 'gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler', 'platform'],
    properties: Object.fromEntries(VERSION_FIELDS.map((name) => [name, { type: 'string' }])),
  },
}

/** Parameters that operations share, as 'name-hash:type'; strings have no type. The hash is part of the published name. */
const QUERY =
  'allowWatchBookmarks-HC2hJt-J:boolean command-Py3eQybp container-1GeXxFDC container-_Q-EJ3nR container-i5dOmRiM ' +
  'continue-QfD61s0i fieldManager-7c6nTn1T fieldManager-Qy4HdaTW fieldSelector-xIcQKXFG follow-9OIXh_2R:boolean ' +
  'force-tOGGb0Yi:boolean gracePeriodSeconds--K5HaBOS:integer ' +
  'ignoreStoreReadErrorWithClusterBreakingPotential-QbNkfIqj:boolean insecureSkipTLSVerifyBackend-gM00jVbe:boolean ' +
  'labelSelector-5Zw57w4C limit-1NfNmdNH:integer limitBytes-zwd1RXuc:integer orphanDependents-uRB25kX5:boolean ' +
  'path-QCf0eosM path-oPbzgLUj path-rFDtV0x9 ports-91KROJmm:integer pretty-tJGM1-ng previous-1jxDPu3y:boolean ' +
  'propagationPolicy-6jk3prlO resourceVersion-5WAnf1kx resourceVersionMatch-t8XhRHeC sendInitialEvents-rLXlEK_k:boolean ' +
  'shardSelector-Kgyki_3_ sinceSeconds-vE2NLdnP:integer stderr-26jJhFUR:boolean stderr-W_1TNlWc:boolean ' +
  'stdin-PSzNhyUC:boolean stdin-sEFnN3IS:boolean stdout--EZLRwV1:boolean stdout-005YMKE6:boolean stream-l-48cgXv ' +
  'tailLines-9xQLWHMV:integer timeoutSeconds-yvYezaOC:integer timestamps-c17fW1w_:boolean tty-g7MlET_l:boolean ' +
  'tty-s0flW37O:boolean watch-XNNPZGbK:boolean'

const body = (model: string) => ({ name: 'body', in: 'body', schema: { $ref: `#/definitions/${META}.${model}` } })
const inPath = (name: string) => ({ name, in: 'path', required: true, type: 'string', uniqueItems: true })

/** The shared parameters of the version 2 document. */
export function sharedParameters(): JsonObject {
  const query = QUERY.split(' ').map((word) => {
    const [key = '', type = 'string'] = word.split(':')
    return [key, { name: key.slice(0, key.indexOf('-')), in: 'query', type, uniqueItems: true }] as const
  })
  const all: readonly (readonly [string, JsonObject])[] = [
    ...query,
    ['body-2Y1dVQaQ', body('DeleteOptions')],
    ['body-78PwaGsr', { ...body('Patch'), required: true }],
    ['namespace-vgWSWtn3', inPath('namespace')],
    ['path-z6Ciiujn', inPath('path')],
  ]
  return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)))
}
