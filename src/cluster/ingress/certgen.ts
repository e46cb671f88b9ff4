import { isAlreadyExists, isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { secrets, validatingwebhookconfigurations } from '../../apimachinery/generated/resources.ts'
import type { Client } from '../../client/client.ts'
import { encodeBase64 } from '../../apiserver/kinds/shared/base64.ts'
import type { Program } from '../../runtime/program.ts'
import { sleep, type Task } from '../../sim/task.ts'

const WORK_MS = 500

/**
 * kube-webhook-certgen: `create` makes a Secret with a certificate for the admission webhook, `patch` puts its authority
 * into the webhook's configuration. SIMPLIFIED: the certificates are texts of that shape, not keys.
 */
export function certgen(clientFor: (namespace: string, account: string) => Client): Program {
  return function* (system): Task<number> {
    const [, command = '', ...rest] = system.argv
    const option = (name: string) => rest.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? ''
    const namespace = option('namespace') || (system.env['POD_NAMESPACE'] ?? 'default')
    const client = clientFor(namespace, 'ingress-nginx-admission')
    const say = (level: string, msg: string) =>
      system.writeError(`${JSON.stringify({ level, msg, source: 'cmd/root.go', time: '' })}\n`)
    yield* sleep(WORK_MS)
    try {
      if (command === 'create') yield* create(client, namespace, option('secret-name'), option('host'), say)
      else if (command === 'patch') yield* patch(client, namespace, option('secret-name'), option('webhook-name'), say)
      else {
        say('fatal', `unknown command "${command}"`)
        return 1
      }
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      say('fatal', error.message)
      return 1
    }
    return 0
  }
}

type Say = (level: string, msg: string) => void

function* create(client: Client, namespace: string, name: string, host: string, say: Say): Task {
  try {
    yield* client.get(secrets, namespace, name)
    say('info', 'secret already exists')
    return
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  say('info', 'creating new secret')
  const part = (kind: string, label: string) =>
    encodeBase64(`-----BEGIN ${kind}-----\n${encodeBase64(`${label} for ${host}`)}\n-----END ${kind}-----\n`)
  const data = {
    ca: part('CERTIFICATE', 'authority'),
    cert: part('CERTIFICATE', 'certificate'),
    key: part('EC PRIVATE KEY', 'key'),
  }
  try {
    yield* client.create(secrets, { metadata: { name, namespace }, data })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
}

function* patch(client: Client, namespace: string, secretName: string, webhookName: string, say: Say): Task {
  const secret = yield* client.get(secrets, namespace, secretName)
  const configuration = yield* client.get(validatingwebhookconfigurations, '', webhookName)
  say('info', `patching webhook configurations '${webhookName}' mutating=false, validating=true, failurePolicy=Fail`)
  const caBundle = secret.data?.['ca'] ?? ''
  const webhooks = (configuration.webhooks ?? []).map((webhook) => ({
    ...webhook,
    failurePolicy: 'Fail',
    clientConfig: { ...webhook.clientConfig, caBundle },
  }))
  yield* client.update(validatingwebhookconfigurations, { ...configuration, webhooks })
  say('info', 'Patched hook(s)')
}
