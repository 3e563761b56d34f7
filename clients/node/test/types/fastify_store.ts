// The store, as the compiler sees it, where @fastify/rate-limit is installed.
import fastifyRateLimit from '@fastify/rate-limit'
import Fastify from 'fastify'
import { RateGuard } from 'rateguard'
import { rateGuardStore } from 'rateguard/fastify-rate-limit'

Fastify().register(fastifyRateLimit, { max: 100, store: rateGuardStore({ client: new RateGuard() }) })
