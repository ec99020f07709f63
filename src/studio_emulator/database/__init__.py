"""RDS: clusters of Aurora PostgreSQL as records of moto's, each with a PostgreSQL server that runs on this machine."""
