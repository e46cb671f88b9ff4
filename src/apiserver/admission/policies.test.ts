import { beforeEach, describe, expect, test } from 'vitest'
import { StatusError } from '../../apimachinery/errors.ts'
import type { Deployment } from '../../apimachinery/generated/types.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { Etcd } from '../../etcd/etcd.ts'
import { Simulation } from '../../sim/simulation.ts'
import type { ApiRequest, ApiResult } from '../api.ts'
import { LOOPBACK, bootstrapObjects } from '../bootstrap/bootstrap.ts'
import { STRATEGIES } from '../kinds/registry.ts'
import { ApiServer } from '../server.ts'
import { ADMISSION } from './registry.ts'
import type { WebhookAddress } from './webhook-caller.ts'

const GROUP = 'admissionregistration.k8s.io'
let api: ApiServer

beforeEach(() => {
  const sim = new Simulation({ seed: 1, startTimeMs: 0 })
  api = new ApiServer({ sim, etcd: new Etcd(), strategies: STRATEGIES, admission: ADMISSION, authorization: true })
  bootstrapObjects(api)
})

function request(change: Partial<ApiRequest>): ApiResult {
  const base = { user: LOOPBACK, userAgent: 'test', group: '', version: 'v1', namespace: 'default', external: true } as const
  return api.handle({ ...base, verb: 'create', resource: 'configmaps', ...change })
}

function refusal(act: () => unknown): StatusError['status'] {
  try {
    act()
  } catch (error) {
    if (error instanceof StatusError) return error.status
    throw error
  }
  throw new Error('it was not refused')
}

const RULE = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] }

function policy(kind: 'Validating' | 'Mutating', spec: object): ApiResult {
  const resource = `${kind.toLowerCase()}admissionpolicies`
  const body = {
    apiVersion: `${GROUP}/v1`,
    kind: `${kind}AdmissionPolicy`,
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules: [RULE] }, ...spec },
  }
  return request({ group: GROUP, resource, namespace: '', body })
}

function binding(kind: 'Validating' | 'Mutating', spec: object = {}): void {
  const resource = `${kind.toLowerCase()}admissionpolicybindings`
  const actions = kind === 'Validating' ? { validationActions: ['Deny'] } : {}
  const body = {
    apiVersion: `${GROUP}/v1`,
    kind: `${kind}AdmissionPolicyBinding`,
    metadata: { name: 'b' },
    spec: { policyName: 'p', ...actions, ...spec },
  }
  request({ group: GROUP, resource, namespace: '', body })
}

function deploy(replicas: number, labels: object = {}): ApiResult {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } }
  const spec = { replicas, selector: { matchLabels: { app: 'a' } }, template }
  const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels }, spec }
  return request({ group: 'apps', resource: 'deployments', body })
}

const configMap = (name: string, data: object, labels: object = {}) =>
  request({ body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data } })

describe('ValidatingAdmissionPolicy', () => {
  test('refuses what breaks a rule, in the words of the policy', () => {
    policy('Validating', {
      validations: [
        { expression: 'object.spec.replicas > 1', messageExpression: "'wants replicas: ' + string(object.spec.replicas)" },
      ],
    })
    binding('Validating')
    const why = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: wants replicas: 1"
    expect(refusal(() => deploy(1))).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: `deployments.apps "web" is forbidden: ${why}`,
      details: { name: 'web', group: 'apps', kind: 'deployments', causes: [{ message: why }] },
    })
    expect(deploy(2).code).toBe(201)
  })

  test('without a binding it is not asked, and conditions can keep it out', () => {
    policy('Validating', {
      matchConditions: [{ name: 'labelled', expression: "'check' in object.metadata.labels" }],
      variables: [
        { name: 'n', expression: 'object.spec.replicas' },
        { name: 'even', expression: 'variables.n % 2 == 0' },
      ],
      validations: [{ expression: 'variables.even', reason: 'Forbidden', message: 'odd' }],
    })
    deploy(3)
    binding('Validating')
    request({ verb: 'delete', group: 'apps', resource: 'deployments', name: 'web' })
    expect(deploy(3, { x: 'y' }).code).toBe(201)
    request({ verb: 'delete', group: 'apps', resource: 'deployments', name: 'web' })
    expect(refusal(() => deploy(3, { check: 'yes' }))).toMatchObject({ code: 403, reason: 'Forbidden' })
  })

  test('an error counts as the failure policy says', () => {
    policy('Validating', { validations: [{ expression: 'object.spec.nothing == 1' }] })
    binding('Validating')
    expect(refusal(() => deploy(1)).message).toContain(
      "denied request: expression 'object.spec.nothing == 1' resulted in error: no such key: nothing",
    )
  })

  test('warns instead of refusing', () => {
    policy('Validating', { validations: [{ expression: 'object.spec.replicas > 1' }] })
    binding('Validating', { validationActions: ['Warn', 'Audit'] })
    expect(deploy(1).warnings).toEqual([
      "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': failed expression: object.spec.replicas > 1",
    ])
  })

  test('parameters come from objects that the binding names or selects', () => {
    policy('Validating', {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [{ expression: 'object.spec.replicas <= int(params.data.max)' }],
    })
    binding('Validating', { paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' } })
    expect(refusal(() => deploy(1)).message).toContain(
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    )
    configMap('limits', { max: '3' })
    expect(refusal(() => deploy(4)).message).toContain('failed expression: object.spec.replicas <= int(params.data.max)')
    expect(deploy(3).code).toBe(201)
  })

  test('a rule for an object is none for its scale, which is a kind of its own', () => {
    policy('Validating', { validations: [{ expression: 'object.spec.replicas < 3' }] })
    binding('Validating')
    deploy(1)
    const scale = (replicas: number) =>
      request({
        verb: 'patch',
        patchType: 'merge',
        group: 'apps',
        resource: 'deployments',
        subresource: 'scale',
        name: 'web',
        body: { spec: { replicas } },
      })
    expect(scale(4).code).toBe(200)
    request({ verb: 'delete', group: GROUP, resource: 'validatingadmissionpolicies', namespace: '', name: 'p' })
    policy('Validating', {
      matchConstraints: { resourceRules: [{ ...RULE, resources: ['deployments/scale'] }] },
      validations: [{ expression: "request.kind.kind == 'Scale' && object.spec.replicas < 3", message: 'too many' }],
    })
    expect(refusal(() => scale(5)).message).toContain('too many')
    expect(scale(2).code).toBe(200)
  })

  test('sees who asks, where, and what they may', () => {
    policy('Validating', {
      validations: [
        {
          expression:
            "request.userInfo.username == 'jane' || namespaceObject.metadata.name != 'default' || authorizer.requestResource.check('scale').allowed()",
        },
      ],
    })
    binding('Validating')
    expect(deploy(1).code).toBe(201)
  })
})

describe('MutatingAdmissionPolicy', () => {
  const spec = (mutations: readonly object[]) => ({ reinvocationPolicy: 'Never', mutations })
  const stored = (result: ApiResult) => result.object as Deployment

  test('lays a configuration over the object', () => {
    const expression =
      "Object{metadata: Object.metadata{labels: {'env': 'test'}}, spec: Object.spec{replicas: object.spec.replicas + 1}}"
    policy('Mutating', spec([{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }]))
    binding('Mutating')
    const { metadata, spec: got } = stored(deploy(1, { a: 'b' }))
    expect(metadata.labels).toEqual({ a: 'b', env: 'test' })
    expect(got?.replicas).toBe(2)
    expect(got?.template.spec?.containers).toHaveLength(1)
  })

  test('adds a container by a JSON patch', () => {
    const expression = `[JSONPatch{op: "add", path: "/spec/template/spec/containers/-", value: Object.spec.template.spec.containers{name: "side", image: "busybox"}},
      JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("example.com/x"), value: "1"}]`
    policy('Mutating', spec([{ patchType: 'JSONPatch', jsonPatch: { expression } }]))
    binding('Mutating')
    const { metadata, spec: got } = stored(deploy(1, { a: 'b' }))
    expect(metadata.labels).toEqual({ a: 'b', 'example.com/x': '1' })
    // Defaults are filled for what has been added, too.
    expect(got?.template.spec?.containers).toMatchObject([{ name: 'c' }, { name: 'side', imagePullPolicy: 'Always' }])
  })

  test('atomic parts cannot be laid over', () => {
    const expression = "Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'x': 'y'}}}}"
    policy('Mutating', spec([{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }]))
    binding('Mutating')
    expect(refusal(() => deploy(1)).message).toBe(
      "policy 'p' with binding 'b' denied request: error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector",
    )
  })
})

describe('webhooks', () => {
  const calls: { url: string; review: JsonObject }[] = []

  function listen(answer: (request: { uid: string; object: KubeObject }) => object | string): void {
    calls.length = 0
    api.webhooks = {
      post(address: WebhookAddress, review: JsonObject) {
        calls.push({ url: address.url ?? '', review })
        const response = answer(review.request as { uid: string; object: KubeObject })
        return typeof response === 'string' ? { failure: response } : { body: { ...review, response } }
      },
    }
  }

  function hook(kind: 'Validating' | 'Mutating', extra: object = {}): ApiResult {
    const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'DELETE'], resources: ['configmaps'] }]
    const webhook = {
      name: 'check.example.com',
      rules,
      clientConfig: { url: 'https://hooks.example.com/check' },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...extra,
    }
    const body = {
      apiVersion: `${GROUP}/v1`,
      kind: `${kind}WebhookConfiguration`,
      metadata: { name: 'h' },
      webhooks: [webhook],
    }
    return request({ group: GROUP, resource: `${kind.toLowerCase()}webhookconfigurations`, namespace: '', body })
  }

  const patch = (operations: readonly object[]) => ({ patchType: 'JSONPatch', patch: btoa(JSON.stringify(operations)) })

  test('refuse with their own status', () => {
    listen(({ uid }) => ({ uid, allowed: false, status: { message: 'no', code: 403, reason: 'Forbidden' } }))
    hook('Validating')
    expect(refusal(() => configMap('a', {}))).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: 'admission webhook "check.example.com" denied the request: no',
    })
    expect(calls[0]?.review).toMatchObject({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        name: 'a',
        namespace: 'default',
        operation: 'CREATE',
        userInfo: { username: 'system:apiserver' },
        oldObject: null,
        dryRun: false,
      },
    })
  })

  test('change the object, which is then read anew', () => {
    listen(({ uid }) => ({
      uid,
      allowed: true,
      warnings: ['changed'],
      ...patch([{ op: 'add', path: '/data', value: { x: 'y' } }]),
    }))
    hook('Mutating')
    const { object, warnings } = configMap('a', {})
    expect(object).toMatchObject({ data: { x: 'y' } })
    expect(warnings).toEqual(['changed'])
  })

  test('that cannot be asked fail closed or open', () => {
    listen(() => 'dial tcp 10.0.0.1:443: connect: connection refused')
    hook('Validating', { timeoutSeconds: 5 })
    expect(refusal(() => configMap('a', {}))).toMatchObject({
      code: 500,
      message:
        'Internal error occurred: failed calling webhook "check.example.com": failed to call webhook: Post "https://hooks.example.com/check?timeout=5s": dial tcp 10.0.0.1:443: connect: connection refused',
    })
    request({ verb: 'delete', group: GROUP, resource: 'validatingwebhookconfigurations', namespace: '', name: 'h' })
    hook('Validating', { failurePolicy: 'Ignore' })
    expect(configMap('a', {}).code).toBe(201)
  })

  test('are asked only for what their selectors and conditions choose', () => {
    listen(({ uid }) => ({ uid, allowed: false }))
    hook('Validating', {
      objectSelector: { matchLabels: { check: 'yes' } },
      matchConditions: [{ name: 'c', expression: "object.data.x == 'bad'" }],
    })
    configMap('a', { x: 'bad' })
    configMap('b', { x: 'good' }, { check: 'yes' })
    expect(calls).toHaveLength(0)
    expect(refusal(() => configMap('c', { x: 'bad' }, { check: 'yes' })).message).toBe(
      'admission webhook "check.example.com" denied the request without explanation',
    )
  })

  test('see what they had no hand in once more when they ask for it', () => {
    const add = (name: string) => patch([{ op: 'add', path: `/data/${name}`, value: 'y' }])
    listen(({ uid, object }) => ({
      uid,
      allowed: true,
      ...add((object as { data?: object }).data && 'first' in ((object as { data?: object }).data ?? {}) ? 'second' : 'first'),
    }))
    hook('Mutating', { reinvocationPolicy: 'IfNeeded' })
    const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }]
    const second = {
      name: 'z.example.com',
      rules,
      clientConfig: { url: 'https://z' },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    }
    const body = { apiVersion: `${GROUP}/v1`, kind: 'MutatingWebhookConfiguration', metadata: { name: 'z' }, webhooks: [second] }
    request({ group: GROUP, resource: 'mutatingwebhookconfigurations', namespace: '', body })
    configMap('a', { given: '1' })
    expect(calls.map(({ url }) => url)).toEqual([
      'https://hooks.example.com/check',
      'https://z',
      'https://hooks.example.com/check',
    ])
  })

  test('have no say in their own configuration, and are not asked blindly in a dry run', () => {
    listen(({ uid }) => ({ uid, allowed: false }))
    hook('Validating', { rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }] })
    request({ verb: 'delete', group: GROUP, resource: 'validatingwebhookconfigurations', namespace: '', name: 'h' })
    expect(calls).toHaveLength(0)
  })
})
