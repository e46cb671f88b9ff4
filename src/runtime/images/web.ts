import { DEBIAN, layered, tagged, type Image } from '../image.ts'
import { logAccess } from './access-log.ts'
import { fixed, http, MiB, server } from './server.ts'

const path = (text: string) => text.split('?')[0] ?? '/'

const httpd: Image = {
  repository: 'docker.io/library/httpd',
  aliases: ['registry.k8s.io/e2e-test-images/httpd'],
  tags: tagged('latest', 'alpine', '2', '2-alpine', /^2\.4(\.\d\d?)?(-alpine|-\d)?$/),
  layers: (tag) => layered(DEBIAN, 'httpd', 27.5)(tag),
  cmd: ['httpd-foreground'],
  tools: 'debian',
  files: { '/usr/local/apache2/htdocs/index.html': '<html><body><h1>It works!</h1></body></html>\n' },
  programs: {
    'httpd-foreground': server({
      startMs: 60,
      memoryBytes: 8 * MiB,
      logsToError: true,
      ports: (system) => [
        {
          port: 80,
          service: http((request, peer) => {
            const name = path(request.path)
            const body = system.files.read(`/usr/local/apache2/htdocs${name.endsWith('/') ? `${name}index.html` : name}`)
            const answer = body === undefined ? { status: 404, body: '<h1>Not Found</h1>\n' } : { status: 200, body }
            logAccess(system, request, peer, answer, false)
            return { ...answer, headers: { Server: 'Apache/2.4.65 (Unix)' } }
          }),
        },
      ],
      started: () => ["AH00094: Command line: 'httpd -D FOREGROUND'"],
      stopping: ['AH00491: caught SIGTERM, shutting down'],
    }),
  },
}

const tomcat: Image = {
  repository: 'docker.io/library/tomcat',
  tags: tagged('latest', 'jdk17', 'jdk21', /^(7|8|8\.5|9|10|10\.1|11)(\.\d+)*(-.*)?$/),
  layers: (tag) => layered({ id: 'openjdk', megabytes: 140 }, 'tomcat', 24)(tag),
  cmd: ['catalina.sh', 'run'],
  tools: 'debian',
  programs: {
    'catalina.sh': server({
      startMs: 3500,
      memoryBytes: 180 * MiB,
      cpuMilli: 5,
      logsToError: true,
      // The image has had no applications of its own since 8.5.
      ports: () => [{ port: 8080, service: fixed('<!doctype html><title>HTTP Status 404 – Not Found</title>', 404) }],
      starting: () => ['INFO [main] org.apache.catalina.core.StandardEngine.startInternal Starting Servlet engine'],
      started: () => [
        'INFO [main] org.apache.coyote.AbstractProtocol.start Starting ProtocolHandler ["http-nio-8080"]',
        'INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [3421] milliseconds',
      ],
      stopMs: 600,
      stopCode: 143,
    }),
  },
}

const wordpress: Image = {
  repository: 'docker.io/library/wordpress',
  tags: tagged('latest', 'apache', 'fpm', /^[456](\.\d+)*(-(apache|fpm|php[\d.]+|php[\d.]+-apache))?$/),
  layers: (tag) => layered(DEBIAN, 'wordpress', 205)(tag),
  entrypoint: ['docker-entrypoint.sh'],
  cmd: ['apache2-foreground'],
  tools: 'debian',
  programs: {
    'docker-entrypoint.sh': server({
      startMs: 2500,
      memoryBytes: 60 * MiB,
      logsToError: true,
      ports: (system) => [
        {
          port: 80,
          service: http(({ path: asked }) => {
            if (!system.env['WORDPRESS_DB_HOST'])
              return { status: 302, body: '', headers: { Location: '/wp-admin/setup-config.php' } }
            if (path(asked) === '/wp-admin/install.php')
              return { status: 200, body: '<title>WordPress &rsaquo; Installation</title>' }
            return { status: 302, body: '', headers: { Location: '/wp-admin/install.php' } }
          }),
        },
      ],
      starting: () => ['WordPress not found in /var/www/html - copying now...'],
      started: () => ['Complete! WordPress has been successfully copied to /var/www/html'],
    }),
  },
}

/** The page of a teaching image that tells its version and the pod's name. */
const myapp: Image = {
  repository: 'docker.io/ikubernetes/myapp',
  tags: tagged('latest', /^v[1-7]$/),
  layers: (tag) => layered(null, 'myapp', 6.5)(tag),
  cmd: ['nginx', '-g', 'daemon off;'],
  tools: 'busybox',
  programs: {
    nginx: server({
      startMs: 40,
      memoryBytes: 4 * MiB,
      ports: (system) => [
        {
          port: 80,
          service: http(({ path: asked }) => {
            const version = /:(v\d)/.exec(system.image)?.[1] ?? 'v1'
            if (path(asked) === '/hostname.html') return { status: 200, body: `${system.hostname}\n` }
            if (path(asked) !== '/') return { status: 404, body: '404 Not Found\n' }
            return { status: 200, body: `Hello MyApp | Version: ${version} | <a href="hostname.html">Pod Name</a>\n` }
          }),
        },
      ],
    }),
  },
}

const gbFrontend: Image = {
  repository: 'gcr.io/google_samples/gb-frontend',
  aliases: ['gcr.io/google-samples/gb-frontend', 'us-docker.pkg.dev/google-samples/containers/gke/gb-frontend'],
  tags: tagged(/^v[1-6]$/),
  layers: (tag) => layered(DEBIAN, 'gb-frontend', 150)(tag),
  cmd: ['apache2-foreground'],
  tools: 'debian',
  programs: {
    'apache2-foreground': server({
      startMs: 400,
      memoryBytes: 40 * MiB,
      ports: () => [{ port: 80, service: fixed('<html><title>Guestbook</title></html>\n') }],
    }),
  },
}

const helloApp: Image = {
  repository: 'gcr.io/google-samples/hello-app',
  aliases: ['us-docker.pkg.dev/google-samples/containers/gke/hello-app', 'docker.io/paulbouwer/hello-kubernetes'],
  tags: tagged('latest', 'plain-text', /^\d(\.\d+)*$/),
  layers: (tag) => layered(null, 'hello-app', 5.2)(tag),
  entrypoint: ['./hello-app'],
  tools: 'none',
  programs: {
    'hello-app': server({
      startMs: 30,
      memoryBytes: 5 * MiB,
      ports: (system) => {
        const version = /:(\d[\d.]*)/.exec(system.image)?.[1] ?? '1.0'
        const body = `Hello, world!\nVersion: ${version}.0\nHostname: ${system.hostname}\n`
        return [{ port: Number(system.env['PORT'] ?? 8080), service: fixed(body) }]
      },
      started: () => ['Server listening on port 8080'],
    }),
  },
}

/** The example of the autoscaler's documentation: each answer keeps a processor busy. */
const hpaExample: Image = {
  repository: 'registry.k8s.io/hpa-example',
  aliases: ['k8s.gcr.io/hpa-example', 'gcr.io/google_containers/hpa-example'],
  tags: tagged('latest'),
  layers: (tag) => layered(DEBIAN, 'hpa-example', 170)(tag),
  cmd: ['apache2-foreground'],
  tools: 'debian',
  programs: {
    'apache2-foreground': server({
      startMs: 400,
      memoryBytes: 12 * MiB,
      ports: (system) => [
        {
          port: 80,
          service: http((request, peer) => {
            const answer = { status: 200, body: 'OK!', cpuMs: 60 }
            logAccess(system, request, peer, answer, true)
            return answer
          }),
        },
      ],
    }),
  },
}

export const webImages: readonly Image[] = [httpd, tomcat, wordpress, myapp, gbFrontend, helloApp, hpaExample]
