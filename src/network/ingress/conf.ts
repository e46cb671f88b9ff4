/** /etc/nginx/nginx.conf as ingress-nginx writes it: what people look at with cat and grep. The model is what runs. */
import { compile } from './route.ts'
import { CATCH_ALL, type Location, type NginxModel, type Server } from './model.ts'

/** The whole file. SIMPLIFIED: the Lua blocks and tuning that are the same in every installation are shortened. */
export function printConf(model: NginxModel): string {
  return [
    ...HEAD,
    ...model.servers.flatMap((server) => serverBlock(server)),
    '\t# backend for when default-backend-service is not configured or it does not have endpoints',
    '\tserver {',
    '\t\tlisten 8181 default_server reuseport backlog=511;',
    '\t\tlocation / {',
    '\t\t\treturn 404;',
    '\t\t}',
    '\t}',
    '}',
    '',
    'stream {',
    ...model.streams.flatMap(({ port, protocol, upstream }) => [
      '\tserver {',
      '\t\tpreread_by_lua_block {',
      `\t\t\tngx.var.proxy_upstream_name="${upstream}";`,
      '\t\t}',
      '',
      `\t\tlisten                  ${port}${protocol === 'udp' ? ' udp' : ''};`,
      `\t\tlisten                  [::]:${port}${protocol === 'udp' ? ' udp' : ''};`,
      '\t\tproxy_timeout           600s;',
      '\t\tproxy_next_upstream     on;',
      '\t\tproxy_pass              upstream_balancer;',
      '\t}',
      '',
    ]),
    '}',
    '',
  ].join('\n')
}

/** What `nginx -t` says against the configuration; undefined: nothing. */
export function testConf({ servers }: NginxModel): string | undefined {
  for (const { regex, locations } of servers)
    for (const { path, pathType } of locations)
      if (regex && pathType !== 'Exact' && !compile(path))
        return `nginx: [emerg] pcre2_compile() failed: ${regexProblem(path)} in "^${path}"\nnginx: configuration file /tmp/nginx/nginx-cfg test failed`
  return undefined
}

function regexProblem(path: string): string {
  const opened = (path.match(/\(/g)?.length ?? 0) - (path.match(/\)/g)?.length ?? 0)
  if (opened > 0) return 'missing closing parenthesis'
  if (opened < 0) return 'unmatched closing parenthesis'
  return path.includes('[') && !path.includes(']')
    ? 'missing terminating ] for character class'
    : 'quantifier does not follow a repeatable item'
}

const HEAD = [
  '# Configuration checksum: generated from Ingress objects; changes by hand are lost',
  '',
  '# setup custom paths that do not require root access',
  'pid /tmp/nginx/nginx.pid;',
  '',
  'daemon off;',
  '',
  'worker_processes 4;',
  '',
  'events {',
  '\tmulti_accept        on;',
  '\tworker_connections  16384;',
  '\tuse                 epoll;',
  '}',
  '',
  'http {',
  '\tproxy_pass_request_headers on;',
  '\tclient_max_body_size 1m;',
  '',
  '\tupstream upstream_balancer {',
  '\t\tserver 0.0.0.1; # placeholder',
  '\t\tbalancer_by_lua_block {',
  '\t\t\tbalancer.balance()',
  '\t\t}',
  '\t\tkeepalive 320;',
  '\t}',
  '',
]

function serverBlock(server: Server): string[] {
  const isCatchAll = server.host === CATCH_ALL
  const names = [server.host, ...server.aliases].join(' ')
  const more = isCatchAll ? 'default_server reuseport backlog=4096 ' : ''
  return [
    `\t## start server ${server.host}`,
    '\tserver {',
    `\t\tserver_name ${names} ;`,
    '',
    `\t\tlisten 80 ${more} ;`,
    `\t\tlisten [::]:80 ${more} ;`,
    `\t\tlisten 443 ${more} ssl http2 ;`,
    `\t\tlisten [::]:443 ${more} ssl http2 ;`,
    '',
    '\t\tset $proxy_upstream_name "-";',
    '',
    '\t\tssl_certificate_by_lua_block {',
    '\t\t\tcertificate.call()',
    '\t\t}',
    '',
    ...server.locations.flatMap((location) =>
      spellings(server, location).flatMap((spelling) => locationBlock(server, location, spelling)),
    ),
    '\t}',
    `\t## end server ${server.host}`,
    '',
  ]
}

/** How a path is written: a prefix that is a word matches itself and what is below it. */
function spellings({ regex }: Server, { path, pathType }: Location): readonly string[] {
  if (pathType === 'Exact') return [`= ${path}`]
  if (regex) return [`~* "^${path}"`]
  if (pathType === 'Prefix' && path !== '/') return [`${path.replace(/\/$/, '')}/`, `= ${path.replace(/\/$/, '')}`]
  return [path]
}

function locationBlock(server: Server, location: Location, spelling: string): string[] {
  const { settings, ingress, service, port, upstream, path } = location
  const [namespace = '', name = ''] = ingress.split('/')
  return [
    `\t\tlocation ${spelling} {`,
    `\t\t\tset $namespace      "${namespace}";`,
    `\t\t\tset $ingress_name   "${name}";`,
    `\t\t\tset $service_name   "${service}";`,
    `\t\t\tset $service_port   "${port}";`,
    `\t\t\tset $location_path  "${path}";`,
    '',
    '\t\t\trewrite_by_lua_block {',
    '\t\t\t\tlua_ingress.rewrite({',
    `\t\t\t\t\tforce_ssl_redirect = ${settings.forceSslRedirect},`,
    `\t\t\t\t\tssl_redirect = ${settings.sslRedirect && server.tls},`,
    '\t\t\t\t})',
    '\t\t\t\tbalancer.rewrite()',
    '\t\t\t}',
    '',
    ...settings.allowedSources.map((cidr) => `\t\t\tallow ${cidr};`),
    ...(settings.allowedSources.length > 0 ? ['\t\t\tdeny all;'] : []),
    `\t\t\tset $proxy_upstream_name "${upstream}";`,
    `\t\t\tset $proxy_alternative_upstream_name "${location.alternatives[0]?.upstream ?? ''}";`,
    '',
    `\t\t\tclient_max_body_size                    ${settings.bodySizeText};`,
    '',
    `\t\t\tproxy_set_header Host                   ${settings.upstreamHost === '' ? '$best_http_host' : `"${settings.upstreamHost}"`};`,
    '\t\t\tproxy_set_header X-Request-ID           $req_id;',
    '\t\t\tproxy_set_header X-Real-IP              $remote_addr;',
    '\t\t\tproxy_set_header X-Forwarded-For        $remote_addr;',
    '\t\t\tproxy_set_header X-Forwarded-Host       $best_http_host;',
    '\t\t\tproxy_set_header X-Forwarded-Port       $pass_port;',
    '\t\t\tproxy_set_header X-Forwarded-Proto      $pass_access_scheme;',
    '\t\t\tproxy_set_header X-Scheme               $pass_access_scheme;',
    '',
    `\t\t\tproxy_connect_timeout                   ${settings.connectTimeoutMs / 1000}s;`,
    `\t\t\tproxy_read_timeout                      ${settings.readTimeoutMs / 1000}s;`,
    '\t\t\tproxy_next_upstream                     error timeout;',
    '\t\t\tproxy_next_upstream_tries               3;',
    '',
    ...(settings.rewriteTarget === '' ? [] : [`\t\t\trewrite "(?i)${path}" ${settings.rewriteTarget} break;`]),
    `\t\t\tproxy_pass ${settings.secureBackend ? 'https' : 'http'}://upstream_balancer;`,
    '\t\t\tproxy_redirect                          off;',
    '\t\t}',
    '',
  ]
}
