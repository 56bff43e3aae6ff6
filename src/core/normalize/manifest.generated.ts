// Made from integrations/integration.schema.json by npm run types: change that, not this.
import type {Json} from '../model/index.ts'

export interface IntegrationManifest {
  id: string
  title: string
  docs: string
  owner?: string
  webhook?: {
    path: string
    maxBytes?: number
    verify: {
      scheme: 'hmac' | 'standard-webhooks' | 'static-header' | 'basic' | 'url-token' | 'aws-sns' | 'oidc-jwt' | 'none'
      secret?: string
      header?: string
      prefix?: string
      algorithm?: 'sha256' | 'sha512' | 'sha1'
      encoding?: 'hex' | 'base64'
      separator?: string
      signed?: string
      timestampHeader?: string
      toleranceSeconds?: number
      issuer?: string
      jwksUri?: string
      /**
       * Begins the part of the signature header that holds the time, as in t=1778574000,v1=…
       */
      timestampPrefix?: string
    }
    handshake?:
      | 'okta-challenge'
      | 'event-grid'
      | 'cloudevents-options'
      | 'graph-validation-token'
      | 'slack-url-verification'
      | 'sns-confirm'
  }
  inbound?: {
    id: string
    title?: string
    priority?: number
    reshape?: 'windows'
    split?: string | string[]
    /**
     * A Sigma selection: { "field|modifier": value }, or a list of these.
     */
    accept:
      | {
          [k: string]: Json
        }
      | Json[]
    /**
     * A Sigma selection: { "field|modifier": value }, or a list of these.
     */
    drop?:
      | {
          [k: string]: Json
        }
      | Json[]
    key?: string | string[]
    updateOf?: string
    time?:
      | {
          from: string | string[]
          as?: 'rfc3339' | 'utc' | 'epoch-s' | 'epoch-ms' | 'epoch-us' | 'epoch-ns' | 'cef' | 'syslog' | 'asctime'
        }
      | {
          from: string | string[]
          as?: 'rfc3339' | 'utc' | 'epoch-s' | 'epoch-ms' | 'epoch-us' | 'epoch-ns' | 'cef' | 'syslog' | 'asctime'
        }[]
    logsource: {
      product?:
        | string
        | {
            from?: string | string[]
            map?: {
              [k: string]: Json
            }
            default?: string
          }
      category?:
        | string
        | {
            from?: string | string[]
            map?: {
              [k: string]: Json
            }
            default?: string
          }
      service?:
        | string
        | {
            from?: string | string[]
            map?: {
              [k: string]: Json
            }
            default?: string
          }
    }
    observables?: {
      type:
        'ip' | 'domain' | 'url' | 'hash' | 'user' | 'host' | 'file' | 'email' | 'process' | 'resource' | 'access-key'
      role: 'attacker' | 'target' | 'related'
      from: string | string[]
      as?: 'hash-list' | 'account-name' | 'role-session' | 'file-name' | 'host-port' | 'list'
    }[]
    alert?: {
      /**
       * A Sigma selection: { "field|modifier": value }, or a list of these.
       */
      when?:
        | {
            [k: string]: Json
          }
        | Json[]
      severity:
        | string
        | {
            from?: string | string[]
            map?: {
              [k: string]: 'unknown' | 'informational' | 'low' | 'medium' | 'high' | 'critical' | 'fatal'
            }
            bands?: Json[][]
            default?: 'unknown' | 'informational' | 'low' | 'medium' | 'high' | 'critical' | 'fatal'
          }
      title:
        | string
        | {
            from?: string | string[]
            default?: string
          }
      description?:
        | string
        | {
            from?: string | string[]
            default?: string
          }
      class?:
        | string
        | {
            from?: string | string[]
            default?: string
          }
      url?:
        | string
        | {
            from?: string | string[]
            default?: string
          }
      confidence?: string | string[]
      techniques?: string | string[]
      tactics?: string | string[]
      detectedAt?: {
        from: string | string[]
        as?: 'rfc3339' | 'utc' | 'epoch-s' | 'epoch-ms' | 'epoch-us' | 'epoch-ns' | 'cef' | 'syslog' | 'asctime'
      }
      aggregateBy?: string | string[]
      details?: {
        [k: string]: string
      }
    }
  }[]
  connection?: {
    baseUrl: string
    egress?: string[]
    auth?:
      | {
          header: string
          value: string
        }
      | {
          scheme: 'sigv4'
          service: string
          region: string
          accessKeyId: string
          secretAccessKey: string
          /**
           * Sent where that secret is configured.
           */
          sessionToken?: string
        }
      | {
          scheme: 'oauth2-client-credentials'
          tokenUrl: string
          clientId: string
          /**
           * Name of the secret.
           */
          clientSecret: string
          scope?: string
        }
    secrets?: string[]
    config?: {
      [k: string]: Json
    }
  }
  actions?: ({
    [k: string]: Json
  } & {
    id: string
    title: string
    effect: 'read' | 'notify' | 'reversible' | 'destructive'
    input: {
      [k: string]: Json
    }
    /**
     * JSON Schema of what the action gives; x-secret marks members that are never told.
     */
    output?: {
      [k: string]: Json
    }
    /**
     * Answers in XML: output and confirm are about their elements, by names without prefix.
     */
    response?: {
      format: 'xml'
      /**
       * The element that output describes, from the root: /GetUserResponse/GetUserResult/User.
       */
      at: string
    }
    /**
     * Name of the input that is acted on.
     */
    target: string
    request?: {
      method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
      path: string
      query?: {
        [k: string]: Json
      }
      headers?: {
        [k: string]: Json
      }
      body?: Json
    }
    handler?: 'outbox-email'
    rollback?: {
      method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
      path: string
      query?: {
        [k: string]: Json
      }
      headers?: {
        [k: string]: Json
      }
      body?: Json
    }
    irreversible?: string
    idempotent?: boolean
    /**
     * Asks the vendor whether the action was done, when nobody knows: a request that changes nothing, and a Sigma selection over status and body of its answer that holds when it was.
     */
    confirm?: {
      method: 'GET' | 'POST'
      path: string
      query?: {
        [k: string]: Json
      }
      headers?: {
        [k: string]: Json
      }
      body?: Json
      done: {
        [k: string]: Json
      }
    }
    d3fend?: string
  })[]
  tests?: {
    name: string
    payload: Json
    contentType?: string
    transport?: 'webhook' | 'file' | 'syslog'
    expect: {
      kind?: 'event' | 'dropped' | 'dead'
      inbound?: string
      count?: number
      alert?: {
        severity?: 'unknown' | 'informational' | 'low' | 'medium' | 'high' | 'critical' | 'fatal'
        title?: string
        description?: string
        confidence?: number | null
        detectedAt?: string
        techniques?: string[]
        tactics?: string[]
        updateOf?: string | null
        url?: string | null
        details?: {
          [k: string]: Json
        }
      } | null
      observables?: string[]
      logsource?: {
        [k: string]: Json
      }
      occurredAt?: string
      code?: 'not-utf8' | 'unparsable' | 'duplicate-key' | 'too-deep' | 'not-an-object' | 'empty' | 'unaccepted'
      timeNote?: 'as-sent' | 'missing' | 'clamped'
      roles?: string[]
      reason?: string
      message?: string
      /**
       * Members of the OCSF 1.8.0 event; members that are not named are free.
       */
      ocsf?: {
        class_uid?: 0 | 2004
        category_uid?: 0 | 2
        activity_id?: 0 | 1 | 2 | 3
        type_uid?: 0 | 200401 | 200402 | 200403
        severity_id?: 0 | 1 | 2 | 3 | 4 | 5 | 6
        severity?: 'Unknown' | 'Informational' | 'Low' | 'Medium' | 'High' | 'Critical' | 'Fatal'
        time?: number
        message?: string
        is_alert?: boolean
        confidence_score?: number
        metadata?: {
          [k: string]: Json
        }
        finding_info?: {
          uid?: string
          title?: string
          desc?: string
          product?: {
            [k: string]: Json
          }
          created_time?: number
          first_seen_time?: number
          analytic?: {
            [k: string]: Json
          }
          attacks?: Json[]
          src_url?: string
        }
        observables?: {
          name?: string
          type_id?: number
          type?: string
          value?: string
        }[]
        evidences?: {
          [k: string]: Json
        }[]
        unmapped?: {
          [k: string]: Json
        }
      }
    }
    receivedAt?: string
    /**
     * false: read as a delivery of this integration only, not recognised among all manifests. Payloads that are refused are never.
     */
    recognised?: boolean
  }[]
}
