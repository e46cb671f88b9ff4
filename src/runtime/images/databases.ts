import { ALPINE, DEBIAN, layered, tagged, type Image } from '../image.ts'
import { print, type Program, type System } from '../program.ts'
import { entrypoint, MiB, server, tcp } from './server.ts'

const time = '2026-01-01 00:00:00+00:00'

/** mysqladmin ping, mysql -e ...: work once the server listens. */
function* mysqlClient(system: System) {
  const listening = system.service(3306) !== undefined
  const name = system.argv[0]?.split('/').at(-1) ?? ''
  if (!listening) {
    if (name.endsWith('admin')) system.writeError(`${name}: connect to server at 'localhost' failed\n`)
    system.writeError("error: 'Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)'\n")
    return 1
  }
  if (system.argv.includes('ping')) print(system, 'mysqld is alive')
  return 0
}

const PASSWORDS = ['MYSQL_ROOT_PASSWORD', 'MYSQL_ALLOW_EMPTY_PASSWORD', 'MYSQL_RANDOM_ROOT_PASSWORD']
const MARIADB_PASSWORDS = [...PASSWORDS, ...PASSWORDS.map((n) => n.replace('MYSQL', 'MARIADB'))]

function mysqlServer(product: 'MySQL' | 'MariaDB', startMs: number, memoryBytes: number): Program {
  const names = product === 'MySQL' ? PASSWORDS : MARIADB_PASSWORDS
  const note = (text: string) => `${time} [Note] [Entrypoint]: ${text}`
  return server({
    startMs,
    memoryBytes,
    cpuMilli: 8,
    logsToError: true,
    ports: (system) => {
      system.files.write('/var/lib/mysql/ibdata1', 'data')
      return [{ port: 3306, service: tcp }]
    },
    refuses: (system) => {
      if (system.files.read('/var/lib/mysql/ibdata1') !== undefined || names.some((n) => system.env[n])) return undefined
      const list = (product === 'MySQL' ? PASSWORDS : PASSWORDS.map((n) => n.replace('MYSQL', 'MARIADB'))).map(
        (n) => `    - ${n}`,
      )
      return {
        code: 1,
        lines: [
          note(`Entrypoint script for ${product} Server started.`),
          `${time} [ERROR] [Entrypoint]: Database is uninitialized and password option is not specified`,
          '    You need to specify one of the following as an environment variable:',
          ...list,
        ],
      }
    },
    starting: () => [note(`Entrypoint script for ${product} Server started.`), note('Initializing database files')],
    started: () => [
      note('Database files initialized'),
      note(`${product} init process done. Ready for start up.`),
      `${time} 0 [System] [MY-010931] [Server] mysqld: ready for connections. Socket: '/var/run/mysqld/mysqld.sock'  port: 3306`,
    ],
    stopping: [`${time} 0 [System] [MY-013172] [Server] Received SHUTDOWN from user <via user signal>. Shutting down mysqld.`],
    stopMs: 1500,
  })
}

const client = { mysqladmin: mysqlClient, mysql: mysqlClient, mariadb: mysqlClient, 'mariadb-admin': mysqlClient }

const mysql: Image = {
  repository: 'docker.io/library/mysql',
  tags: tagged('latest', 'lts', 'innovation', /^(5|5\.[5-7]|8|8\.[0-4]|9|9\.[0-5])(\.\d+)?(-(debian|oracle))?$/),
  layers: (tag) => layered(null, 'mysql', tag.startsWith('5') ? 137 : 226)(tag),
  entrypoint: ['docker-entrypoint.sh'],
  cmd: ['mysqld'],
  tools: 'debian',
  programs: {
    ...client,
    'docker-entrypoint.sh': entrypoint(mysqlServer('MySQL', 11_000, 380 * MiB)),
    mysqld: mysqlServer('MySQL', 11_000, 380 * MiB),
  },
}

const mariadb: Image = {
  repository: 'docker.io/library/mariadb',
  tags: tagged('latest', 'lts', /^1[012](\.\d+)*(-\w+)?$/),
  layers: (tag) => layered(null, 'mariadb', 118)(tag),
  entrypoint: ['docker-entrypoint.sh'],
  cmd: ['mariadbd'],
  tools: 'debian',
  programs: { ...client, 'docker-entrypoint.sh': entrypoint(mysqlServer('MariaDB', 7000, 110 * MiB)) },
}

const postgres: Image = {
  repository: 'docker.io/library/postgres',
  tags: tagged('latest', 'alpine', 'bookworm', /^(9|1[0-8])(\.\d+)*(-(alpine|bookworm|bullseye))?$/),
  layers: (tag) => layered(tag.includes('alpine') ? ALPINE : DEBIAN, 'postgres', tag.includes('alpine') ? 95 : 118)(tag),
  entrypoint: ['docker-entrypoint.sh'],
  cmd: ['postgres'],
  tools: 'debian',
  stopSignal: 'SIGINT',
  programs: {
    *pg_isready(system) {
      const ready = system.service(5432) !== undefined
      print(system, `/var/run/postgresql:5432 - ${ready ? 'accepting connections' : 'no response'}`)
      return ready ? 0 : 2
    },
    *psql(system) {
      if (system.service(5432)) return 0
      system.writeError(
        'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory\n',
      )
      return 2
    },
    'docker-entrypoint.sh': server({
      startMs: 3500,
      memoryBytes: 45 * MiB,
      logsToError: true,
      ports: () => [{ port: 5432, service: tcp }],
      refuses: ({ env }) =>
        env['POSTGRES_PASSWORD'] || env['POSTGRES_PASSWORD_FILE'] || env['POSTGRES_HOST_AUTH_METHOD'] === 'trust'
          ? undefined
          : {
              code: 1,
              lines: [
                'Error: Database is uninitialized and superuser password is not specified.',
                '       You must specify POSTGRES_PASSWORD to a non-empty value for the',
                '       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".',
              ],
            },
      started: () => [
        'PostgreSQL init process complete; ready for start up.',
        'LOG:  database system is ready to accept connections',
      ],
      stopping: ['LOG:  received fast shutdown request', 'LOG:  database system is shut down'],
      stopMs: 300,
    }),
  },
}

const redisServer = server({
  startMs: 40,
  memoryBytes: 9 * MiB,
  cpuMilli: 3,
  ports: (system) => {
    const i = system.argv.indexOf('--port')
    return [{ port: i > 0 ? Number(system.argv[i + 1]) : 6379, service: tcp }]
  },
  starting: () => ['1:C * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo'],
  started: () => [
    '1:M * Running mode=standalone, port=6379.',
    '1:M * Server initialized',
    '1:M * Ready to accept connections tcp',
  ],
  stopping: [
    '1:signal-handler Received SIGTERM scheduling shutdown...',
    '1:M # User requested shutdown...',
    '1:M # Redis is now ready to exit, bye bye...',
  ],
})

const redis: Image = {
  repository: 'docker.io/library/redis',
  aliases: [
    'registry.k8s.io/redis',
    'gcr.io/google_containers/redis',
    'k8s.gcr.io/redis',
    'docker.io/bitnami/redis',
    'docker.io/kubeguide/redis-master',
  ],
  tags: tagged('latest', 'alpine', 'e2e', 'bookworm', /^[2345678](\.\d+)*(-(alpine|bookworm|bullseye|alpine[\d.]+))?$/),
  layers: (tag) => layered(tag.includes('alpine') ? ALPINE : DEBIAN, 'redis', 16.5)(tag),
  entrypoint: ['docker-entrypoint.sh'],
  cmd: ['redis-server'],
  tools: 'debian',
  programs: {
    'redis-server': redisServer,
    'docker-entrypoint.sh': entrypoint(redisServer),
    *'redis-cli'(system) {
      if (!system.service(6379)) {
        system.writeError('Could not connect to Redis at 127.0.0.1:6379: Connection refused\n')
        return 1
      }
      if (system.argv.includes('ping') || system.argv.includes('PING')) print(system, 'PONG')
      return 0
    },
  },
}

const simple = (repository: string, name: string, megabytes: number, startMs: number, memory: number, port: number): Image => ({
  repository: `docker.io/${repository}`,
  tags: tagged('latest', 'alpine', 'management', /^v?\d+(\.\d+)*(-[\w.]+)?$/),
  layers: (tag) => layered(DEBIAN, name, megabytes)(tag),
  cmd: [name],
  tools: 'debian',
  programs: { [name]: server({ startMs, memoryBytes: memory * MiB, ports: () => [{ port, service: tcp }] }) },
})

export const databaseImages: readonly Image[] = [
  mysql,
  mariadb,
  postgres,
  redis,
  simple('library/mongo', 'mongod', 250, 3000, 180, 27017),
  simple('library/memcached', 'memcached', 5, 30, 4, 11211),
  simple('library/rabbitmq', 'rabbitmq-server', 90, 9000, 140, 5672),
  simple('library/zookeeper', 'zkServer.sh', 150, 4000, 120, 2181),
]
