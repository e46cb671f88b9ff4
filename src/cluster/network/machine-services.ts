/** What the API server and the kubelet answer to programs in the cluster. */
import { handleHttp } from '../../apiserver/http.ts'
import type { UserInfo } from '../../apiserver/api.ts'
import type { HttpRequest, PortService } from '../../runtime/program.ts'
import type { Cluster } from '../cluster.ts'
import { serviceAccountUser } from '../identities.ts'
import type { NodeHost } from '../node-host.ts'

const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** Who a request comes from: by the token that the kubelet put into the pod. */
function userOf(headers: HttpRequest['headers']): UserInfo {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'authorization')
  const [namespace, account, uid] = (headers[name ?? ''] ?? '').replace(/^Bearer /, '').split('.')
  return namespace && account && uid ? serviceAccountUser(namespace, account) : ANONYMOUS
}

/** The API server's secure port. Watches are not answered to programs. */
export function apiService(cluster: Cluster): PortService {
  return {
    protocol: 'https',
    http: ({ method, path, headers, body }) => {
      const [bare = '/', query = ''] = path.split('?')
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
      const answer = handleHttp(cluster.api, {
        method,
        path: bare,
        query,
        headers: { accept: 'application/json', ...lower },
        body,
        user: userOf(headers),
      })
      if (answer.kind !== 'response') return { status: 501, body: '' }
      const type = answer.headers['Content-Type'] ?? answer.headers['content-type']
      return {
        status: answer.code,
        body: answer.body,
        ...(typeof type === 'string' ? { headers: { 'Content-Type': type } } : {}),
      }
    },
  }
}

/** The kubelet's port: healthy, and closed to strangers. */
export function kubeletService(host: NodeHost): PortService {
  return {
    protocol: 'https',
    http: ({ path }) =>
      path.startsWith('/healthz') && host.kubelet.running ? { status: 200, body: 'ok' } : { status: 401, body: 'Unauthorized' },
  }
}
