"""What SHOW GRANTS says, in the words of MariaDB and of MySQL 8, without a server."""

from __future__ import annotations

import pytest

from cockpit.checks.mysql_grants import OF_TABLES, read


@pytest.mark.parametrize(
    ("line", "database", "table", "may"),
    [
        ("GRANT SELECT, INSERT ON `shop`.`orders` TO `app`@`%`", "shop", "orders", {"select", "insert"}),
        ("GRANT SELECT, INSERT ON `shop`.`orders` TO `app`@`%`", "shop", "users", set()),
        ("GRANT SELECT, UPDATE (`name`, `at`) ON `shop`.`users` TO `app`@`%`", "shop", "users", {"select", "update"}),
        ("GRANT SELECT ON `sh%`.* TO `app`@`%`", "shop", "users", {"select"}),
        (r"GRANT SELECT ON `my\_shop`.* TO `app`@`%`", "my_shop", "users", {"select"}),
        (r"GRANT SELECT ON `my\_shop`.* TO `app`@`%`", "myXshop", "users", set()),
        ("GRANT SELECT ON `my_shop`.* TO `app`@`%`", "myXshop", "users", {"select"}),
        ("GRANT SELECT ON `my_shop`.`users` TO `app`@`%`", "myXshop", "users", set()),
        ("GRANT SELECT ON `a``b`.* TO `app`@`%`", "a`b", "t", {"select"}),
        ("GRANT CREATE TEMPORARY TABLES, LOCK TABLES, DROP ON *.* TO `app`@`%`", "shop", "users", {"drop"}),
        ("GRANT ALL PRIVILEGES ON `shop`.* TO `app`@`%`", "shop", "users", set(OF_TABLES)),
        ("GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `app`@`%`", "shop", "p", set()),
        ("GRANT PROXY ON ``@`%` TO `root`@`localhost` WITH GRANT OPTION", "shop", "users", set()),
        ("GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*B69027D4'", "shop", "users", set()),
    ],
)
def test_a_line_holds_for_the_tables_that_it_names(line: str, database: str, table: str, may: set[str]) -> None:
    assert read([line]).on(database, table) == may


def test_lines_add_up_and_roles_are_named() -> None:
    grants = read(
        [
            "GRANT PROCESS, REPLICATION CLIENT ON *.* TO `app`@`%` WITH GRANT OPTION",
            "GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO `app`@`%`",
            "GRANT `reader`@`%`,`writer`@`%` TO `app`@`%`",
            "GRANT `keeper` TO `app`@`%`",
            "GRANT SELECT ON `shop`.* TO `app`@`%`",
            "GRANT INSERT ON `shop`.`orders` TO `keeper`",
        ]
    )
    assert grants.everywhere == {"process", "replication client", "application_password_admin"}
    assert grants.may_grant_everywhere
    assert grants.roles == ("reader", "writer", "keeper")
    assert grants.on("shop", "orders") == {"select", "insert"}
    assert not read(["GRANT USAGE ON *.* TO `app`@`%`"]).everywhere
