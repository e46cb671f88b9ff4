/** A shop: namespace, configuration, a secret, a database, a cache and an API with probes, requests and limits. */
export const SHOP = `apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
data:
  CACHE_HOST: cache
---
apiVersion: v1
kind: Secret
metadata:
  name: passwords
  namespace: shop
stringData:
  root: not-so-secret
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: db
  namespace: shop
spec:
  selector:
    matchLabels: {app: db}
  template:
    metadata:
      labels: {app: db}
    spec:
      containers:
      - name: mysql
        image: mysql:8.4
        env:
        - name: MYSQL_ROOT_PASSWORD
          valueFrom:
            secretKeyRef: {name: passwords, key: root}
        ports:
        - containerPort: 3306
        readinessProbe:
          tcpSocket: {port: 3306}
          periodSeconds: 2
        resources:
          requests: {cpu: 250m, memory: 512Mi}
          limits: {memory: 1Gi}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cache
  namespace: shop
spec:
  selector:
    matchLabels: {app: cache}
  template:
    metadata:
      labels: {app: cache}
    spec:
      containers:
      - name: redis
        image: redis:7
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
spec:
  replicas: 4
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}
  selector:
    matchLabels: {app: api}
  template:
    metadata:
      labels: {app: api}
    spec:
      containers:
      - name: api
        image: nginx:1.27
        envFrom:
        - configMapRef: {name: settings}
        readinessProbe:
          httpGet: {path: /, port: 80}
          periodSeconds: 1
        livenessProbe:
          httpGet: {path: /, port: 80}
        resources:
          requests: {cpu: 50m, memory: 64Mi}
          limits: {cpu: 200m, memory: 128Mi}
---
apiVersion: v1
kind: Service
metadata:
  name: api
  namespace: shop
spec:
  selector: {app: api}
  ports:
  - port: 80
`

/** A plain Deployment of the default namespace. */
export function web(image = 'nginx:1.27', replicas = 4): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: ${replicas}
  strategy:
    rollingUpdate:
      maxSurge: 25%
      maxUnavailable: 25%
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        image: ${image}
        readinessProbe:
          httpGet:
            path: /
            port: 80
          periodSeconds: 1
`
}
