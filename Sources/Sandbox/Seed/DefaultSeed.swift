/// The seeds that every sandbox knows.
enum DefaultSeed {
    /// People and accounts, and a bit of everything.
    static let demo = people + production + other

    /// People and accounts, and nothing else.
    static let bare =
        people + """
            accounts:
              - name: Production
                owner: owner@example.com
                age: 90d
                privileges: [hybrid_cloud, serverless]
                roles: [{name: Viewer, permissions: [read:clusters, read:backups, read:roles, read:users]}]
                members: [{user: admin@example.com, roles: [Admin]}, {user: viewer@example.com, roles: [Viewer]}]
                discounts: [{name: Startup programme, percentage: {value: 10}, valid_for: 455d}]
                payment_methods:
                  - type: PAYMENT_PROVIDER_TYPE_STRIPE
                    payment_method_details: {id: pm_demo, card: {brand: Visa, last4: "4242", expiration_month: 12, expiration_year: 2030}}

            """ + other

    private static let people = """
        users:
          - {email: owner@example.com, given_name: Ada, family_name: Lovelace}
          - {email: admin@example.com, given_name: Grace, family_name: Hopper}
          - {email: viewer@example.com, given_name: Alan, family_name: Turing}
          - {email: outsider@example.com, given_name: Edsger, family_name: Dijkstra}

        """

    private static let production = """
        accounts:
          - name: Production
            owner: owner@example.com
            age: 90d
            privileges: [hybrid_cloud, serverless]
            company: {domain: example.com, name: Example Corporation}
            settings: {mfa_required: false}
            roles:
              - name: Viewer
                description: Looks, and changes nothing
                permissions: [read:clusters, read:backups, read:roles, read:users]
            members:
              - {user: admin@example.com, roles: [Admin]}
              - {user: viewer@example.com, roles: [Viewer]}
            invites:
              - {user_email: newcomer@example.com, age: 2d}
            discounts:
              - {name: Startup programme, percentage: {value: 10}, valid_for: 455d}
            credit_contracts:
              - {total_amount: 1000, currency: USD, notes: Annual commitment, valid_for: 365d}
            payment_methods:
              - type: PAYMENT_PROVIDER_TYPE_STRIPE
                billing_address: {name: Example Corporation, line1: Chausseestr. 86, postal_code: "10115", city: Berlin, country: DE}
                payment_method_details:
                  id: pm_demo
                  card: {brand: Visa, last4: "4242", expiration_month: 12, expiration_year: 2030}
            clusters:
              - name: search-prod
                age: 62d
                cloud_provider_id: aws
                cloud_provider_region_id: eu-central-1
                package: gpx3
                labels: [{key: env, value: prod}, {key: team, value: search}]
                cost_allocation_label: team
                configuration: {number_of_nodes: 3, version: v1.17.1}
                sandbox:
                  collections: [documents, products, users]
                  inference_models: [mixedbread-ai/mxbai-embed-large-v1, qdrant/bm25]
              - name: staging
                age: 40d
                cloud_provider_id: gcp
                cloud_provider_region_id: europe-west3
                package: gpx1
                suspended_after: 10d
                labels: [{key: env, value: staging}]
                configuration: {number_of_nodes: 1}
                sandbox: {collections: [products]}
            database_keys:
              - {cluster: search-prod, name: search service, age: 61d}
            backups:
              - {cluster: search-prod, display_name: before-upgrade, age: 20d}
            backup_schedules:
              - {cluster: search-prod, display_name: nightly, schedule: 0 2 * * *, retention_period: 604800s, age: 3d}
            environments:
              - {name: on-premises, age: 30d, configuration: {namespace: qdrant-hybrid}}
            spaces:
              - name: assistant
                age: 25d
                cloud_provider_id: aws
                cloud_provider_region_id: eu-central-1
                configuration: {}
                sandbox: {collections: [memories]}
            space_keys:
              - {space: assistant, name: assistant key, age: 25d}
            space_backups:
              - {space: assistant, age: 5d}
            space_schedules:
              - {space: assistant, name: weekly copy, schedule: 0 3 * * 0, retention_period: 2592000s, age: 4d}

        """

    private static let other = """
          - name: Sandbox
            owner: outsider@example.com
            age: 90d

        """
}
